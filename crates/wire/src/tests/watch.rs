//! Watches: bookmarks, refusals, objects that can't be read, streams that break off.

use pretty_assertions::assert_eq;

use super::samples;
use crate::core::Pod;
use crate::*;

const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

type Seen = Vec<Result<WatchEvent<Pod>, String>>;

/// Returns all events that bytes hold, and how the stream ended.
fn events(encoding: Encoding, bytes: &[u8]) -> (Seen, Result<(), String>) {
    let mut decoder = WatchDecoder::new(encoding, Limits::default());
    decoder.push(bytes);
    let events = std::iter::from_fn(|| decoder.next_event()).map(|e| e.map_err(|e| e.to_string())).collect();
    (events, decoder.finish().map_err(|e| e.to_string()))
}

#[test]
fn lines_of_the_server_are_read() {
    let lines = concat!(
        r#"{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"99","creationTimestamp":null,"annotations":{"k8s.io/initial-events-end":"true"}},"spec":{"containers":null},"status":{}}}"#,
        "\n\n",
        r#"{"type":"DELETED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}}"#,
        "\r\n",
        r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (48213)","reason":"Expired","code":410}}"#,
        "\n"
    );
    let mut gone = Pod::default();
    "x".clone_into(&mut gone.metadata.name);
    let expired = Status {
        status: "Failure".into(),
        message: "too old resource version: 1 (48213)".into(),
        reason: "Expired".into(),
        code: 410,
        ..Status::default()
    };
    let expected = [
        Ok(WatchEvent::Bookmark { resource_version: "99".into(), initial_events_end: true }),
        Ok(WatchEvent::Deleted(gone)),
        Ok(WatchEvent::Error(Box::new(expired))),
    ];
    let (seen, end) = events(Encoding::Json, lines.as_bytes());
    assert_eq!((seen.as_slice(), end), (expected.as_slice(), Ok(())));
}

#[test]
fn an_event_whose_object_cannot_be_read_is_told_of_and_the_watch_goes_on() {
    let good = encode_watch_event(Encoding::Json, &WatchEvent::Added(samples::pod())).unwrap();
    let bad =
        br#"{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"bad","uid":"u-9"},"spec":7}}"#;
    let (seen, end) = events(Encoding::Json, &[bad.as_slice(), b"\n", &good].concat());
    let [Ok(WatchEvent::Undecodable { kind: "MODIFIED", object }), Ok(WatchEvent::Added(pod))] =
        seen.as_slice()
    else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (object.name.as_deref(), object.uid.as_deref(), pod),
        (Some("bad"), Some("u-9"), &samples::pod())
    );
    assert_eq!(end, Ok(()));
}

#[test]
fn a_damaged_object_in_a_whole_frame_is_told_of() {
    use crate::envelope::{put_bytes, seal};
    let (mut extension, mut message) = (Vec::new(), Vec::new());
    put_bytes(1, &seal("v1", "Pod", &[0x0a, 0x03, 0x0a, 0x01, b'x', 0x10, 0x01]), &mut extension);
    put_bytes(1, b"ADDED", &mut message);
    put_bytes(2, &extension, &mut message);
    let frame = [&(message.len() as u32).to_be_bytes()[..], &message].concat();
    let (seen, end) = events(Encoding::Protobuf, &frame);
    let [Ok(WatchEvent::Undecodable { kind: "ADDED", object })] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((object.name.as_deref(), end), (Some("x"), Ok(())));
}

#[test]
fn a_frame_that_cannot_be_read_ends_the_watch() {
    for (encoding, bytes, why) in [
        (Encoding::Json, &b"{\"type\":\"ADDED\",\n"[..], "cut off or damaged"),
        (Encoding::Json, b"{\"type\":\"NEWS\",\"object\":{}}\n", "unknown type \"NEWS\""),
        (Encoding::Json, b"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Event\"}}\n", "asked for Pod"),
        (Encoding::Protobuf, &[0, 0, 0, 2, 0xff, 0xff], "cut off or damaged"),
        (Encoding::Protobuf, &[0, 0, 0, 0], "unknown type \"\""),
    ] {
        let more = encode_watch_event(encoding, &WatchEvent::Added(samples::pod())).unwrap();
        let (seen, _) = events(encoding, &[bytes, &more].concat());
        let [Err(error)] = seen.as_slice() else { panic!("{seen:?}") };
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_watch_that_breaks_off_within_an_event_says_so() {
    for encoding in ENCODINGS {
        let event = encode_watch_event(encoding, &WatchEvent::Added(samples::pod())).unwrap();
        let (seen, end) = events(encoding, &event[..event.len() - 1]);
        let bytes = event.len() - 1;
        assert_eq!(
            (seen.len(), end),
            (0, Err(format!("the watch ended within an event, after {bytes} bytes of it (list again)")))
        );
    }
}

#[test]
fn a_quiet_watch_gives_back_the_memory_of_a_large_event() {
    let mut big = samples::pod();
    big.metadata.annotations.insert("big".into(), "x".repeat(4 << 20));
    for encoding in ENCODINGS {
        let mut decoder = WatchDecoder::<Pod>::new(encoding, Limits::default());
        decoder.push(&encode_watch_event(encoding, &WatchEvent::Added(big.clone())).unwrap());
        assert!(matches!(decoder.next_event(), Some(Ok(WatchEvent::Added(_)))));
        decoder.push(&encode_watch_event(encoding, &WatchEvent::Added(samples::pod())).unwrap());
        assert!(decoder.held_bytes() < 1 << 20);
    }
}
