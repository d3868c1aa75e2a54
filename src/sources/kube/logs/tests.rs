use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::lines::LINE;
use super::*;
use crate::core::{Kind, Untrusted};
use crate::sources::kube::testing::{Chunk, Server, chunked, status, typed};

fn wanted() -> Wanted {
    Wanted::all(Name::new("shop").unwrap(), Name::new("web-0").unwrap(), Name::new("app"))
}

fn at(text: &str) -> Ts {
    Ts::parse_rfc3339(text).unwrap()
}

fn shown(entries: &[Entry]) -> Vec<(i64, &str)> {
    entries.iter().map(|e| (e.ts.0 - at("2026-11-21T05:34:15Z").0, e.line.raw())).collect()
}

#[tokio::test]
async fn lines_are_read_with_their_nanoseconds_and_the_place_they_came_from() {
    let body = "2026-11-21T05:34:15.000000001Z one\n2026-11-21T05:34:15.000000001Z two\r\n2026-11-21T08:34:15.5+03:00 \n";
    let server = Server::new(move |_| typed(200, "text/plain", body));
    let read = read(&server.client(), &wanted()).await.unwrap();
    assert_eq!(shown(&read.entries), [(1, "one"), (1, "two"), (500_000_000, "")]);
    assert_eq!((read.cuts, read.undated, read.more), (Cuts::default(), 0, false));
    let first = &read.entries[0];
    assert_eq!(
        first.labels,
        [("namespace", "shop"), ("pod", "web-0"), ("container", "app")].into_iter().collect()
    );
    assert_eq!(first.origin, Origin::Kubelet);
    assert_eq!(
        server.log(),
        ["GET /api/v1/namespaces/shop/pods/web-0/log?timestamps=true&container=app&limitBytes=16777216"]
    );
}

#[tokio::test]
async fn the_wish_is_put_into_the_request_and_lines_before_it_are_left_out() {
    let body = "2026-11-21T05:34:15.2Z early\n2026-11-21T05:34:15.7Z late\n";
    let server = Server::new(move |_| typed(200, "text/plain", body));
    let since = at("2026-11-21T05:34:15.5Z");
    let wanted = Wanted {
        container: None,
        previous: true,
        since: Some(since),
        tail: Some(100),
        bytes: body.len(),
        ..wanted()
    };
    let read = read(&server.client(), &wanted).await.unwrap();
    assert_eq!(shown(&read.entries), [(700_000_000, "late")]);
    assert_eq!((read.entries[0].origin, read.more), (Origin::KubeletPrevious, true));
    assert_eq!(
        server.log(),
        [
            "GET /api/v1/namespaces/shop/pods/web-0/log?timestamps=true&previous=true&sinceTime=2026-11-21T05%3A34%3A15Z\
          &tailLines=100&limitBytes=57"
        ]
    );
}

#[tokio::test]
async fn long_lines_bad_bytes_and_lines_without_a_time_are_counted() {
    let mut body = b"unable to retrieve container logs\n2026-11-21T05:34:15Z ".to_vec();
    body.extend("é".repeat(3 << 20).bytes());
    body.extend(b"\n2026-11-21T05:34:15Z a\xff\xfeb\nfailed to watch");
    let server = Server::new(move |_| typed(200, "text/plain", body.clone()));
    let wanted = Wanted { since: Some(at("2026-11-21T05:34:15Z")), ..wanted() };
    let read = read(&server.client(), &wanted).await.unwrap();
    let lengths: Vec<_> = read.entries.iter().map(|e| e.line.raw().len()).collect();
    assert_eq!(lengths, [33, LINE, 8, 15]);
    assert_eq!(read.entries[2].line, Untrusted::from("a\u{fffd}\u{fffd}b"));
    let cuts = Cuts { clipped: 1, clipped_bytes: (6 << 20) - LINE as u64, bad_utf8: 2, ..Cuts::default() };
    assert_eq!((read.cuts, read.undated), (cuts, 2));
    assert_eq!(read.entries[3].ts, at("2026-11-21T05:34:15Z"));
}

#[tokio::test]
async fn a_log_is_followed_until_its_container_ends() {
    let (feed, answer) = chunked("text/plain");
    let answer = std::sync::Mutex::new(Some(answer));
    let server = Server::new(move |_| answer.lock().unwrap().take().unwrap());
    let mut follow = follow(&server.client(), &wanted()).await.unwrap();
    for part in ["2026-11-21T05:34:15Z a", "bc\n2026-11-21T05:34:16Z d\n2026-11", "-21T05:34:17Z last"] {
        feed.send(Chunk::Data(part.into())).await.unwrap();
    }
    assert_eq!(shown(&follow.next().await.unwrap().unwrap()), [(0, "abc"), (1_000_000_000, "d")]);
    drop(feed);
    assert_eq!(shown(&follow.next().await.unwrap().unwrap()), [(2_000_000_000, "last")]);
    assert_eq!((follow.next().await, follow.cuts()), (Ok(None), Cuts::default()));
    assert!(server.log()[0].ends_with("follow=true"));
}

#[tokio::test]
async fn refusals_are_told() {
    let message = "previous terminated container \\\"app\\\" in pod \\\"web-0\\\" not found";
    let server = Server::new(move |_| status(400, "BadRequest", message));
    let fail = read(&server.client(), &wanted()).await.unwrap_err();
    assert_eq!((fail.error.kind, &*fail.error.what), (Kind::BadQuery, "get pods/log"));
}

proptest! {
    #[test]
    fn the_same_lines_come_out_however_the_bytes_are_cut(
        lines in proptest::collection::vec("[a-z \\r]{0,20}", 0..8),
        cuts in proptest::collection::vec(1_usize..30, 0..40),
    ) {
        let stamp = "2026-11-21T05:34:15.123456789Z";
        let text = lines.iter().fold(String::new(), |text, line| text + stamp + " " + line + "\n");
        let whole = wanted().lines().push(text.as_bytes());
        let mut reader = wanted().lines();
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            pieces.extend(reader.push(head));
            rest = tail;
        }
        pieces.extend(reader.push(rest));
        prop_assert_eq!(pieces, whole);
    }
}
