//! Every kind, through both encodings and back, alone, in lists and in watches.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::any::{Any, Choices};
use crate::apps::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::batch::Job;
use crate::core::{ConfigMap, Event, Namespace, Node, Pod, Secret, Service};
use crate::discovery::EndpointSlice;
use crate::*;

const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

/// Makes an object that is already what decoding would keep of it.
fn tidy<K: Object + Any>(bytes: &[u8]) -> K {
    let mut object = K::any(&mut Choices(bytes));
    object.tidy();
    object
}

fn object_comes_back<K: Object + Any>(bytes: &[u8]) {
    let object: K = tidy(bytes);
    for encoding in ENCODINGS {
        let written = encode_object(encoding, &object).unwrap();
        assert_eq!(
            decode_object::<K>(encoding, &written, &Limits::default()).unwrap(),
            object,
            "{encoding:?}"
        );
    }
}

fn list_comes_back<K: Object + Any>(bytes: &[u8]) {
    let items: Vec<K> = bytes.chunks(700).map(tidy).collect();
    let mut meta = ListMeta::any(&mut Choices(bytes));
    for encoding in ENCODINGS {
        meta.remaining_item_count = Some(3);
        let written = encode_list(encoding, &meta, &items).unwrap();
        let expected = List {
            resource_version: meta.resource_version.clone(),
            continue_: meta.r#continue.clone(),
            remaining: Some(3),
            items: items.clone(),
            undecodable: Vec::new(),
        };
        assert_eq!(
            decode_list::<K>(encoding, &written, &Limits::default()).unwrap(),
            expected,
            "{encoding:?}"
        );
    }
}

fn watch_comes_back<K: Object + Any>(bytes: &[u8], piece: usize) {
    let mut events: Vec<WatchEvent<K>> = vec![
        WatchEvent::Bookmark { resource_version: "12".into(), initial_events_end: true },
        WatchEvent::Error(Box::new(Status::any(&mut Choices(bytes)))),
    ];
    for (index, chunk) in bytes.chunks(700).enumerate() {
        let make = [WatchEvent::Added, WatchEvent::Modified, WatchEvent::Deleted][index % 3];
        events.push(make(tidy(chunk)));
    }
    for encoding in ENCODINGS {
        let written: Vec<u8> = events.iter().flat_map(|e| encode_watch_event(encoding, e).unwrap()).collect();
        let mut decoder = WatchDecoder::<K>::new(encoding, Limits::default());
        let mut seen = Vec::new();
        for chunk in written.chunks(piece) {
            decoder.push(chunk);
            seen.extend(std::iter::from_fn(|| decoder.next_event()).map(Result::unwrap));
        }
        assert_eq!(seen, events, "{encoding:?}");
        decoder.finish().unwrap();
    }
}

macro_rules! round_trips {
    ($($name:ident $kind:ident)*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(32))]
            #[test]
            fn $name(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), piece in 1usize..200) {
                object_comes_back::<$kind>(&bytes);
                list_comes_back::<$kind>(&bytes);
                watch_comes_back::<$kind>(&bytes, piece);
            }
        }
    )*};
}

round_trips! {
    a_pod_comes_back Pod
    a_node_comes_back Node
    a_namespace_comes_back Namespace
    a_service_comes_back Service
    an_event_comes_back Event
    a_config_map_comes_back ConfigMap
    a_secret_comes_back Secret
    a_deployment_comes_back Deployment
    a_stateful_set_comes_back StatefulSet
    a_daemon_set_comes_back DaemonSet
    a_replica_set_comes_back ReplicaSet
    a_job_comes_back Job
    an_endpoint_slice_comes_back EndpointSlice
    metadata_come_back PartialObjectMetadata
}

proptest! {
    #[test]
    fn a_status_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let status = Status::any(&mut Choices(&bytes));
        for encoding in ENCODINGS {
            let written = encode_status(encoding, &status).unwrap();
            prop_assert_eq!(&decode_status(encoding, &written).unwrap(), &status);
        }
    }
}
