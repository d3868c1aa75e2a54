//! Damaged, cut, mixed-up and oversized input: an error, never a panic, never more memory than allowed.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::samples;
use crate::core::{Event, Pod, Secret};
use crate::*;

const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

/// Reads bytes in every way there is; the results don't matter, only that there are some.
fn read_every_way<K: Object>(bytes: &[u8]) {
    let limits = Limits::default();
    for encoding in ENCODINGS {
        drop(decode_object::<K>(encoding, bytes, &limits));
        drop(decode_list::<K>(encoding, bytes, &limits));
        drop(decode_status(encoding, bytes));
        let mut decoder = WatchDecoder::<K>::new(encoding, limits);
        decoder.push(bytes);
        while decoder.next_event().is_some() {}
    }
}

fn page(encoding: Encoding) -> Vec<u8> {
    let meta = ListMeta { resource_version: "7".into(), ..ListMeta::default() };
    encode_list(encoding, &meta, &[samples::pod(), samples::pod()]).unwrap()
}

#[test]
fn a_page_cut_at_any_byte_is_an_error_or_shorter_but_never_a_panic() {
    for encoding in ENCODINGS {
        let whole = page(encoding);
        let complete = decode_list::<Pod>(encoding, &whole, &Limits::default()).unwrap();
        for end in 0..whole.len() {
            let cut = decode_list::<Pod>(encoding, &whole[..end], &Limits::default());
            // Only what follows the list itself may be missing: empty closing fields, the line's end.
            assert!(
                cut.is_err() || (end + 4 >= whole.len() && cut.as_ref().unwrap() == &complete),
                "{end}: {cut:?}"
            );
        }
    }
}

#[test]
fn an_event_is_read_the_same_wherever_its_bytes_are_cut() {
    for encoding in ENCODINGS {
        let bookmark = WatchEvent::Bookmark { resource_version: "9".into(), initial_events_end: false };
        let events = [WatchEvent::Added(samples::pod()), bookmark];
        let bytes: Vec<u8> = events.iter().flat_map(|e| encode_watch_event(encoding, e).unwrap()).collect();
        for cut in 0..=bytes.len() {
            let mut decoder = WatchDecoder::<Pod>::new(encoding, Limits::default());
            let mut seen = Vec::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                decoder.push(piece);
                seen.extend(std::iter::from_fn(|| decoder.next_event()).map(Result::unwrap));
            }
            assert_eq!(seen, events, "{encoding:?} cut at {cut}");
        }
    }
}

#[test]
fn an_event_that_announces_too_much_is_refused_before_it_is_waited_for() {
    let limits = Limits { event_bytes: 1_000, ..Limits::default() };
    let mut decoder = WatchDecoder::<Pod>::new(Encoding::Protobuf, limits);
    decoder.push(&1_001u32.to_be_bytes());
    let error = decoder.next_event().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "a watch event has 1001 bytes, more than the 1000 allowed");
    decoder.push(&[0; 100]);
    assert!(decoder.next_event().is_none());
}

#[test]
fn a_line_without_an_end_is_refused_at_the_limit() {
    let limits = Limits { event_bytes: 1_000, ..Limits::default() };
    let mut decoder = WatchDecoder::<Pod>::new(Encoding::Json, limits);
    for _ in 0..1_000 {
        decoder.push(b" ");
        assert!(decoder.next_event().is_none());
    }
    decoder.push(b" ");
    assert!(matches!(decoder.next_event(), Some(Err(Error::TooLarge { bytes: 1_001, limit: 1_000, .. }))));
}

#[test]
fn a_list_of_very_many_empty_objects_is_refused() {
    let limits = Limits { list_items: 1_000, ..Limits::default() };
    let pods = vec![Pod::default(); 1_001];
    for encoding in ENCODINGS {
        let bytes = encode_list(encoding, &ListMeta::default(), &pods).unwrap();
        let refused = decode_list::<Pod>(encoding, &bytes, &limits);
        assert!(matches!(refused, Err(Error::TooMany { limit: 1_000, .. })), "{refused:?}");
    }
}

#[test]
fn an_object_of_very_many_parts_becomes_undecodable_and_the_page_stands() {
    let limits = Limits { object_parts: 2_000, ..Limits::default() };
    let mut huge = samples::pod();
    huge.spec.containers = vec![crate::core::Container::default(); 5_000];
    for encoding in ENCODINGS {
        let bytes = encode_list(encoding, &ListMeta::default(), &[huge.clone(), samples::pod()]).unwrap();
        let list = decode_list::<Pod>(encoding, &bytes, &limits).unwrap();
        assert_eq!((list.items, list.undecodable.len()), (vec![samples::pod()], 1));
        assert_eq!(list.undecodable[0].why, "Pod has more than the 2000 parts allowed");
    }
}

#[test]
fn nesting_without_end_is_an_error() {
    let deep = format!(r#"{{"kind":"Pod","spec":{}1{}}}"#, r#"{"spec":"#.repeat(50_000), "}".repeat(50_000));
    read_every_way::<Pod>(deep.as_bytes());
    let arrays = format!(r#"{{"kind":"PodList","items":[{}"#, "[".repeat(100_000));
    assert!(decode_list::<Pod>(Encoding::Json, arrays.as_bytes(), &Limits::default()).is_err());
    let groups = [b"k8s\0".as_slice(), &[0x13; 10_000]].concat();
    assert!(decode_object::<Pod>(Encoding::Protobuf, &groups, &Limits::default()).is_err());
}

#[test]
fn a_page_that_is_not_kubernetes_says_what_it_is() {
    let error = decode_list::<Pod>(Encoding::Protobuf, b"<html><body>502 Bad Gateway", &Limits::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "the answer is not Kubernetes protobuf: it begins with \"<html><body>502 \" (does a proxy rewrite it? ask for JSON)"
    );
}

#[test]
fn another_kind_than_asked_for_is_an_error() {
    for encoding in ENCODINGS {
        let bytes = encode_list(encoding, &ListMeta::default(), &[samples::pod()]).unwrap();
        let error = decode_list::<Event>(encoding, &bytes, &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "asked for EventList, but the answer is \"PodList\" (is this the right address?)"
        );
    }
}

#[test]
fn errors_about_secrets_never_quote_them() {
    let page =
        br#"{"kind":"SecretList","items":[{"metadata":{"name":"s"},"data":{"k":"not base64: hunter2"}},
                    {"metadata":{"name":"t"},"data":"hunter2"},{"metadata":{"name":"hunter2","uid":{}}}]}"#;
    let list = decode_list::<Secret>(Encoding::Json, page, &Limits::default()).unwrap();
    let whys: Vec<&str> = list.undecodable.iter().map(|bad| bad.why.as_str()).collect();
    assert_eq!(whys.len(), 3);
    assert!(whys.iter().all(|why| !why.contains("hunter2") && why.contains("line 1 column")), "{whys:?}");
    let secret = Secret { data: [("k".to_owned(), b"hunter2".to_vec())].into(), ..Secret::default() };
    assert!(!format!("{secret:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_every_way::<Pod>(&bytes);
        read_every_way::<Pod>(&[b"k8s\0".as_slice(), &bytes].concat());
        read_every_way::<Secret>(&bytes);
    }

    #[test]
    fn damaged_pages_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), drop in any::<bool>()) {
        for encoding in ENCODINGS {
            let mut bytes = page(encoding);
            let at = at.index(bytes.len());
            if drop { bytes.remove(at); } else { bytes[at] = byte; }
            read_every_way::<Pod>(&bytes);
            let mut framed = encode_watch_event(encoding, &WatchEvent::Added(samples::pod())).unwrap();
            let at = at % framed.len();
            framed[at] = byte;
            let mut decoder = WatchDecoder::<Pod>::new(encoding, Limits::default());
            decoder.push(&framed);
            while decoder.next_event().is_some() {}
        }
    }
}
