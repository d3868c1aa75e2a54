//! `deckwatch release versions`: what repositories of charts offer, told beside what the release has.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use pretty_assertions::assert_eq;

use crate::schemas::hold;
use crate::stand::Stand;

const INDEX: &str = "apiVersion: v1\nentries:\n  momo-store:\n  - {version: 0.0.999, created: \"2026-01-01T00:00:00Z\"}\n  - {version: 0.0.1043, appVersion: 0.0.1043}\n  - {version: 0.0.1234, appVersion: \"a\\e[2J\", deprecated: true}\n  - {version: 0.0.1234-rc.1}\n  - {version: 0.0.1100, description: better}\n  - {version: none}\n";

/// A server that answers every request in the same way; requests' first lines and credentials are told.
fn server(status: &'static str, body: String) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/repository/helm", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = String::new();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                if line.is_empty() {
                    break;
                }
                if seen.is_empty() || line.to_lowercase().starts_with("authorization:") {
                    seen.push_str(&line);
                    seen.push(' ');
                }
            }
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok();
            if tell.send(seen).is_err() {
                return;
            }
        }
    });
    (url, told)
}

/// A server that answers whoever asks by `answer`, and lets go when that ends.
fn hostile(answer: fn(&mut TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let head = BufReader::new(stream.try_clone().unwrap()).lines();
            for line in head.map_while(Result::ok) {
                if line.is_empty() {
                    break;
                }
            }
            answer(&mut stream);
        }
    });
    url
}

/// A body that has no end.
fn endless(stream: &mut TcpStream) {
    let spaces = vec![b' '; 1 << 16];
    let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
    while sent.is_ok() {
        sent = stream.write_all(&spaces);
    }
}

/// No answer, until whoever asked has gone.
fn silent(stream: &mut TcpStream) {
    drop(std::io::copy(stream, &mut std::io::sink()));
}

fn configure(stand: &Stand, text: &str) {
    let path = stand.file("config.toml");
    let old = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, old + text).unwrap();
}

#[test]
fn newer_versions_are_told_with_their_pipelines_the_newest_first() {
    let stand = Stand::start(false);
    let (url, told) = server("200 OK", INDEX.to_owned());
    configure(
        &stand,
        &format!(
            "\n[[repositories]]\nname = \"nexus\"\nurl = \"{url}\"\ncharts = [\"momo-store\"]\nbearer = {{ env = \"NEXUS_TOKEN\" }}\npipeline = \"https://gitlab.example/{{chart}}/-/pipelines?ref={{version}}\"\n"
        ),
    );
    let token = [("NEXUS_TOKEN", "s3cret")];
    let ran = stand.run_with(&["release", "versions", "momo"], &token);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "deckwatch: nexus: 1 entries without a version, 0 beyond the limit\n")
    );
    assert_eq!(
        ran.out,
        "VERSION    APP VERSION   CREATED   REPOSITORY                       PIPELINE\n\
         0.0.1234   a^[[2J                  nexus        newer, deprecated   https://gitlab.example/momo-store/-/pipelines?ref=0.0.1234\n\
         0.0.1100                           nexus        newer               https://gitlab.example/momo-store/-/pipelines?ref=0.0.1100\n"
    );
    assert_eq!(
        told.recv().unwrap(),
        "GET /repository/helm/index.yaml HTTP/1.1 authorization: Bearer s3cret "
    );
    let document = |args: &[&str]| -> serde_json::Value {
        let ran = stand.run_with(&[&["release", "versions", "momo", "-o", "json"], args].concat(), &token);
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let all = document(&["--all", "--devel"]);
    hold("release-versions", &all);
    let told: Vec<String> = all["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| format!("{} {}", v["version"].as_str().unwrap(), v["than"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        ["0.0.1234 newer", "0.0.1234-rc.1 newer", "0.0.1100 newer", "0.0.1043 current", "0.0.999 older"]
    );
    assert_eq!(document(&["--max", "1"])["versions"].as_array().unwrap().len(), 1);
    // Of an older revision more is newer.
    assert_eq!(document(&["--revision", "1"])["versions"].as_array().unwrap().len(), 3);
}

#[test]
fn what_a_repository_does_not_give_is_told_and_the_others_are_printed() {
    let stand = Stand::start(false);
    let none = stand.run(&["release", "versions", "momo"]);
    assert_eq!((none.code, none.out.as_str()), (2, ""));
    assert!(none.err.contains("[[repositories]]"), "{}", none.err);
    let (gone, _gone) = server("404 Not Found", String::new());
    let (html, _html) = server("200 OK", "<html>log in</html>".to_owned());
    let (other, _other) = server("200 OK", "apiVersion: v1\nentries: {x: [{version: 1.0.0}]}\n".to_owned());
    let (good, _good) = server("200 OK", INDEX.to_owned());
    for (name, url) in [("gone", &gone), ("html", &html), ("other", &other), ("good", &good)] {
        configure(&stand, &format!("\n[[repositories]]\nname = \"{name}\"\nurl = \"{url}\"\n"));
    }
    let ran = stand.run(&["release", "versions", "momo"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("0.0.1234") && ran.out.lines().count() == 3, "{}", ran.out);
    for words in [
        "gone: read the index of a repository: not found",
        "html: ",
        "no `apiVersion`",
        "other: ",
        "no chart of this name",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

#[test]
fn repositories_that_have_no_end_or_no_answer_cost_no_more_than_their_limits() {
    let stand = Stand::start(false);
    let (good, _good) = server("200 OK", INDEX.to_owned());
    for (name, url, timeout) in
        [("endless", &hostile(endless), "1m"), ("silent", &hostile(silent), "500ms"), ("good", &good, "1m")]
    {
        let text =
            format!("\n[[repositories]]\nname = \"{name}\"\nurl = \"{url}\"\ntimeout = \"{timeout}\"\n");
        configure(&stand, &text);
    }
    let ran = stand.run(&["release", "versions", "momo"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.out.contains("0.0.1234"), "{}", ran.out);
    let told =
        |name: &str| ran.err.lines().find(|line| line.contains(&format!("partial: {name}: "))).unwrap();
    assert!(told("endless").contains("more than 33554432 bytes"), "{}", ran.err);
    assert!(told("silent").contains("no answer"), "{}", ran.err);
}
