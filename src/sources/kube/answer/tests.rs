use pretty_assertions::assert_eq;

use super::*;

fn refused(status: u16, content_type: &str, body: &str, headers: &[(&'static str, &str)]) -> Fail {
    let mut map = HeaderMap::new();
    map.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    let asked = Asked::of(&Method::GET, "/api/v1/namespaces/shop/pods?limit=500");
    refusal(&asked, status, &map, &Bytes::copy_from_slice(body.as_bytes()))
}

fn status(code: u16, reason: &str, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","status":"Failure","message":"{message}","reason":"{reason}","code":{code}}}"#
    )
}

#[test]
fn requests_are_named_as_access_rules_name_them() {
    for (method, path, what, on) in [
        (Method::GET, "/api/v1/pods?limit=500", "list pods", "the whole cluster"),
        (Method::GET, "/api/v1/namespaces/a/pods?watch=true", "watch pods", "a"),
        (Method::GET, "/api/v1/namespaces/a/pods/p/log?tailLines=1", "get pods/log", "a/p"),
        (Method::GET, "/apis/apps/v1/namespaces/a/deployments/d", "get deployments", "a/d"),
        (Method::GET, "/api/v1/namespaces/a", "get namespaces", "a"),
        (Method::GET, "/api/v1/nodes/n", "get nodes", "n"),
        (Method::GET, "/version", "get /version", "the API server"),
        (Method::POST, "/api/v1/namespaces/a/services/p:9090/proxy/api", "create services/proxy", "a/p:9090"),
        (Method::PATCH, "/apis/x.io/v1/things/t", "patch things", "t"),
    ] {
        let asked = Asked::of(&method, path);
        assert_eq!((asked.what().as_str(), asked.on().raw()), (what, on), "{path}");
    }
}

#[test]
fn a_denial_names_the_right_that_is_missing() {
    let fail = refused(403, "application/json", &status(403, "Forbidden", "pods is forbidden"), &[]);
    assert_eq!(fail.error.line(), "list pods: denied on shop: pods is forbidden (403)");
    assert_eq!(fail.error.hint.as_deref(), Some("ask for the verb `list` on pods in namespace shop"));
}

#[test]
fn each_status_has_its_kind() {
    for (code, reason, kind) in [
        (401, "Unauthorized", Kind::Auth),
        (404, "NotFound", Kind::NotFound),
        (409, "Conflict", Kind::Conflict),
        (410, "Expired", Kind::Gone),
        (400, "BadRequest", Kind::BadQuery),
        (406, "NotAcceptable", Kind::BadQuery),
        (422, "Invalid", Kind::BadQuery),
        (413, "RequestEntityTooLarge", Kind::TooLarge),
        (429, "TooManyRequests", Kind::Throttled),
        (500, "InternalError", Kind::Server),
        (504, "Timeout", Kind::Server),
        (302, "", Kind::Server),
    ] {
        let fail = refused(code, "application/json", &status(code, reason, "m"), &[]);
        assert_eq!((fail.error.kind, fail.status, fail.reason.as_str()), (kind, code, reason));
    }
}

#[test]
fn waiting_times_come_from_the_header_or_the_status() {
    let fail = refused(429, "application/json", &status(429, "", "m"), &[("retry-after", "7")]);
    assert_eq!(
        (fail.retry_after, fail.error.hint.as_deref()),
        (Some(Span::secs(7)), Some("the server asks to wait for 7s"))
    );
    let body = r#"{"kind":"Status","code":429,"details":{"retryAfterSeconds":3}}"#;
    assert_eq!(refused(429, "application/json", body, &[]).retry_after, Some(Span::secs(3)));
    assert_eq!(refused(429, "application/json", "{}", &[("retry-after", "soon")]).retry_after, None);
}

#[test]
fn a_status_in_protobuf_is_read_too() {
    let said = Status {
        message: "too old".to_owned(),
        reason: "Expired".to_owned(),
        code: 410,
        ..Status::default()
    };
    let body = deckwatch_wire::encode_status(Encoding::Protobuf, &said).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "application/vnd.kubernetes.protobuf".parse().unwrap());
    let fail = refusal(&Asked::of(&Method::GET, "/api/v1/pods"), 410, &headers, &body.into());
    assert_eq!(
        (fail.error.kind, fail.is_gone(), fail.error.detail.unwrap().raw()),
        (Kind::Gone, true, "too old (410)")
    );
}

#[test]
fn a_proxys_page_is_quoted_by_its_first_words() {
    let page = "<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>nginx</h1></center></body></html>";
    let fail = refused(502, "text/html", page, &[]);
    assert_eq!(fail.error.line(), "list pods: server error on shop: 502 502 Bad Gateway nginx");
    assert!(fail.error.hint.unwrap().contains("proxy or load balancer"));
    let plain = refused(503, "text/plain", &"word ".repeat(1000), &[]);
    assert_eq!(plain.error.detail.unwrap().raw().split(' ').count(), 17);
    let health = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nreadyz check failed";
    let health = refused(500, "text/plain", health, &[]).error.detail.unwrap();
    assert_eq!(health.raw(), "500 [-]etcd failed: reason withheld");
    assert_eq!(refused(500, "text/plain", "", &[]).error.detail.unwrap().raw(), "500");
}

#[test]
fn a_version_from_the_future_means_that_the_state_went_back() {
    let body = status(504, "Timeout", "Too large resource version: 900, current: 12");
    assert!(refused(504, "application/json", &body, &[]).is_gone());
    assert!(!refused(504, "application/json", &status(504, "Timeout", "slow"), &[]).is_gone());
}
