//! Pages: their metadata, one bad object among good ones, and the headers that ask for them.

use pretty_assertions::assert_eq;

use super::samples;
use crate::core::Pod;
use crate::*;

fn named(name: &str) -> Pod {
    let mut pod = samples::pod();
    name.clone_into(&mut pod.metadata.name);
    pod
}

/// A protobuf page whose second item is `bad`, put in by hand.
fn page_with(bad: &[u8]) -> Vec<u8> {
    use prost::Message;
    let mut list = Vec::new();
    crate::envelope::put_bytes(
        1,
        &ListMeta { resource_version: "7".into(), ..ListMeta::default() }.encode_to_vec(),
        &mut list,
    );
    for item in [&named("a").encode_to_vec(), bad, &named("b").encode_to_vec()] {
        crate::envelope::put_bytes(2, item, &mut list);
    }
    crate::envelope::seal("v1", "PodList", &list)
}

#[test]
fn one_undecodable_object_among_many_is_told_of_by_name() {
    use prost::Message;
    let meta = ObjectMeta {
        name: "bad".into(),
        namespace: "shop".into(),
        uid: "u-9".into(),
        ..ObjectMeta::default()
    };
    let mut bad = Vec::new();
    crate::envelope::put_bytes(1, &meta.encode_to_vec(), &mut bad);
    // The status as a number: a wire type that does not fit.
    bad.extend([0x18, 0x01]);
    let list = decode_list::<Pod>(Encoding::Protobuf, &page_with(&bad), &Limits::default()).unwrap();
    assert_eq!(list.items, [named("a"), named("b")]);
    let [bad] = list.undecodable.as_slice() else { panic!("{:?}", list.undecodable) };
    assert_eq!(
        (bad.namespace.as_deref(), bad.name.as_deref(), bad.uid.as_deref()),
        (Some("shop"), Some("bad"), Some("u-9"))
    );
    assert!(
        bad.why.starts_with("Pod is cut off or damaged: ") && bad.why.contains("Pod.status"),
        "{}",
        bad.why
    );

    let json = format!(
        r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7"}},"items":[{},
            {{"metadata":{{"name":"bad","namespace":"shop","uid":"u-9"}},"status":{{"containerStatuses":3}}}}]}}"#,
        samples::POD
    );
    let list = decode_list::<Pod>(Encoding::Json, json.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(list.items, [samples::pod()]);
    let [bad] = list.undecodable.as_slice() else { panic!("{:?}", list.undecodable) };
    assert_eq!((bad.name.as_deref(), bad.uid.as_deref()), (Some("bad"), Some("u-9")));
    assert!(bad.why.contains("invalid type: integer `3`"), "{}", bad.why);
}

#[test]
fn an_object_of_garbage_is_told_of_without_a_name() {
    let list = decode_list::<Pod>(Encoding::Protobuf, &page_with(&[0xff; 40]), &Limits::default()).unwrap();
    assert_eq!((list.items.len(), list.resource_version.as_str()), (2, "7"));
    let [bad] = list.undecodable.as_slice() else { panic!("{:?}", list.undecodable) };
    assert_eq!((bad.name.as_deref(), bad.uid.as_deref()), (None, None));
}

#[test]
fn a_page_tells_how_to_go_on() {
    let json =
        br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"48221","continue":"eyJ2",
                    "remainingItemCount":4500},"items":null}"#;
    let list = decode_list::<Pod>(Encoding::Json, json, &Limits::default()).unwrap();
    let expected = List {
        resource_version: "48221".into(),
        continue_: "eyJ2".into(),
        remaining: Some(4500),
        items: Vec::new(),
        undecodable: Vec::new(),
    };
    assert_eq!(list, expected);
}

#[test]
fn protobuf_is_asked_for_with_json_as_second_choice() {
    let protobuf = Encoding::Protobuf;
    assert_eq!(protobuf.accept_list::<Pod>(), "application/vnd.kubernetes.protobuf,application/json");
    assert_eq!(
        protobuf.accept_watch::<Pod>(),
        "application/vnd.kubernetes.protobuf;stream=watch,application/json"
    );
    assert_eq!(
        protobuf.accept_list::<PartialObjectMetadata>(),
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
         application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    );
    assert_eq!(
        Encoding::Json.accept::<PartialObjectMetadata>(),
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    );
    assert_eq!(
        Encoding::from_content_type("application/vnd.kubernetes.protobuf;stream=watch"),
        Some(protobuf)
    );
    assert_eq!(Encoding::from_content_type("Application/JSON; charset=utf-8"), Some(Encoding::Json));
    assert_eq!(Encoding::from_content_type("text/html"), None);
}
