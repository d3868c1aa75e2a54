//! The expression behind an alert's `generatorURL`. The link is read, never followed: its host is
//! often a pod's name that only the cluster resolves, and it comes from outside.

const LONGEST: usize = 64 * 1024;

/// Returns the PromQL expression that a `generatorURL` carries: Prometheus' `g0.expr`, or an `expr` or
/// `query` parameter as others write it; `None` for any other link.
pub fn expression(generator_url: &str) -> Option<String> {
    if generator_url.len() > LONGEST {
        return None;
    }
    let url = url::Url::parse(generator_url).ok()?;
    ["g0.expr", "expr", "query"].iter().find_map(|wanted| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned()).filter(|v| !v.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_is_taken_from_the_links_that_carry_it() {
        for (url, expr) in [
            (
                "http://prometheus-0:9090/graph?g0.expr=sum%28rate%28http_requests_total%7Bcode%3D~%225..%22%7D%5B5m%5D%29%29+%3E+0.05&g0.tab=1",
                Some(r#"sum(rate(http_requests_total{code=~"5.."}[5m])) > 0.05"#),
            ),
            ("http://p/graph?g0.tab=1&g0.expr=up", Some("up")),
            ("https://vm/vmui/?expr=up%3D%3D0", Some("up==0")),
            ("http://p/graph?g0.expr=", None),
            ("not a url", None),
            ("", None),
        ] {
            assert_eq!(expression(url).as_deref(), expr, "{url}");
        }
        assert_eq!(expression(&format!("http://p/graph?g0.expr={}", "a".repeat(LONGEST))), None);
    }
}
