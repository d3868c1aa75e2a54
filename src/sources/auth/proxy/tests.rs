use pretty_assertions::assert_eq;
use secrecy::ExposeSecret as _;

use super::*;

fn chosen(proxy_url: Option<&str>, env: &[(&str, &str)], server: &str) -> Option<String> {
    let variable = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    choose(proxy_url, variable, &server.parse().unwrap())
        .unwrap()
        .map(|p| format!("{} {}", p.address().raw(), p.from))
}

#[test]
fn no_proxy_is_matched_against_the_clusters_host() {
    let env = [("HTTPS_PROXY", "http://proxy.corp:3128"), ("NO_PROXY", "10.0.0.0/8,.internal,proxy.corp")];
    assert_eq!(chosen(None, &env, "https://10.1.2.3:6443"), None);
    assert_eq!(chosen(None, &env, "https://k8s.internal"), None);
    // The proxy's own name in the list excludes nothing but itself.
    let direct = Some("http://proxy.corp:3128 HTTPS_PROXY".to_owned());
    assert_eq!(chosen(None, &env, "https://k8s.example"), direct);
}

#[test]
fn the_kubeconfigs_proxy_goes_before_the_environment_and_is_never_excluded() {
    let env = [("HTTPS_PROXY", "http://env:1"), ("NO_PROXY", "*")];
    let server = "https://k8s.example";
    assert_eq!(chosen(Some("socks5://jump:9"), &env, server), Some("socks5://jump:9 proxy-url".to_owned()));
    assert_eq!(chosen(None, &env, server), None);
}

#[test]
fn the_environment_is_read_by_scheme_and_in_both_cases() {
    for (env, server, proxy) in [
        (("HTTPS_PROXY", "a:1"), "https://k", Some("http://a:1 HTTPS_PROXY")),
        (("https_proxy", "a:1"), "https://k", Some("http://a:1 HTTPS_PROXY")),
        (("HTTP_PROXY", "a:1"), "https://k", None),
        (("HTTP_PROXY", "a"), "http://k", Some("http://a:80 HTTP_PROXY")),
        (("ALL_PROXY", "socks5h://a"), "https://k", Some("socks5://a:1080 ALL_PROXY")),
        (("HTTPS_PROXY", "a:1"), "https://localhost:6443", None),
        (("HTTPS_PROXY", "a:1"), "https://127.0.0.1:6443", None),
        (("HTTPS_PROXY", "a:1"), "https://[::1]:6443", None),
        (("HTTPS_PROXY", "https://[fd00::1]:8443"), "https://k", Some("https://[fd00::1]:8443 HTTPS_PROXY")),
    ] {
        assert_eq!(chosen(None, &[env], server).as_deref(), proxy, "{env:?} {server}");
    }
}

#[test]
fn each_form_of_exclusion_matches_what_it_says() {
    for (list, host, port, out) in [
        ("*", "anything", 1, true),
        ("example.com", "example.com", 443, true),
        ("example.com", "api.example.com", 443, true),
        ("example.com", "badexample.com", 443, false),
        (".example.com", "example.com", 443, false),
        (".example.com", "api.example.com", 443, true),
        ("*.example.com", "api.example.com", 443, true),
        ("example.com:6443", "example.com", 443, false),
        ("example.com:6443", "example.com", 6443, true),
        ("EXAMPLE.com", "Example.COM.", 443, true),
        ("10.0.0.1", "10.0.0.1", 443, true),
        ("10.0.0.1:80", "10.0.0.1", 443, false),
        ("10.0.0.0/8", "11.0.0.1", 443, false),
        ("0.0.0.0/0", "11.0.0.1", 443, true),
        ("10.0.0.0/99", "10.0.0.1", 443, false),
        ("fd00::/8", "fd12::1", 443, true),
        ("[fd12::1]:443", "fd12::1", 443, true),
        ("fd12::1", "fd12::1", 443, true),
        (" , ,a", "b", 443, false),
        ("", "a", 443, false),
    ] {
        assert_eq!(excluded(list, host, port), out, "{list} {host} {port}");
    }
}

#[test]
fn logins_are_decoded_and_never_shown() {
    let proxy = Proxy::parse("http://us%40er:p%3Ass+w@h:3128", "HTTPS_PROXY").unwrap();
    let (user, password) = proxy.login.clone().unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("us@er", "p:ss+w"));
    assert!(!format!("{proxy:?}").contains("p:ss"));
    let error = Proxy::parse("ftp://user:hunter2@h", "HTTPS_PROXY").unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(error.kind, Kind::Config);
}
