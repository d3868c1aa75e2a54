//! Tables compared with those of Kubernetes' own printers, and the health of each of their rows.
//!
//! `cases/KIND.json` holds objects written by hand, each named after the state that it is in; `cases/KIND.txt` holds what
//! the printers of Kubernetes 1.36 made of them at [`NOW`]: the narrow table, an empty line, the wide one.

mod healths;
mod tables;

use deckwatch_wire::{Encoding, Limits, ListMeta, Object, decode_list, encode_list};

use super::{Tabled, columns};
use crate::core::{Resource, Ts};

/// 2026-11-21T14:07:31Z
const NOW: Ts = Ts::from_secs(1_795_270_051);

macro_rules! case {
    ($kind:literal) => {
        (include_str!(concat!("cases/", $kind, ".json")), include_str!(concat!("cases/", $kind, ".txt")))
    };
}
use case;

/// Reads objects as the server would send them, in both encodings.
fn objects<K: Object>(json: &str) -> Vec<K> {
    let list = decode_list::<K>(Encoding::Json, json.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(list.undecodable, []);
    let protobuf = encode_list(Encoding::Protobuf, &ListMeta::default(), &list.items).unwrap();
    let again = decode_list::<K>(Encoding::Protobuf, &protobuf, &Limits::default()).unwrap();
    assert_eq!(again.items, list.items);
    list.items
}
