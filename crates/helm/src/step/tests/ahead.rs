//! What may be read while a write is on its way.

use pretty_assertions::assert_eq;

use super::*;

/// Returns for each request what was said to come next, where anything was.
fn told_ahead(engine: &mut Engine, api: &mut Api) -> Vec<(String, Option<String>)> {
    let mut told = Vec::new();
    drive(engine, api, |engine, _, request| {
        told.push((line_of(request), engine.ahead().map(|ahead| line_of(&ahead))));
    });
    told
}

#[test]
fn while_an_object_is_written_the_look_at_the_next_one_is_known() {
    let mut stand = stand();
    let told = told_ahead(&mut engine(&stand, 6), &mut stand.api);
    let ahead: Vec<_> =
        told.iter().filter_map(|(line, ahead)| Some((line.as_str(), ahead.as_deref()?))).collect();
    let lines = [
        (format!("PATCH {MAPS}/env?fieldManager=helm"), format!("GET {MAPS}/back")),
        (format!("POST {MAPS}?fieldManager=helm"), format!("GET {BACKEND}")),
        (format!("PATCH {BACKEND}?fieldManager=helm"), format!("GET {MAPS}/gone")),
    ];
    assert_eq!(ahead, lines.each_ref().map(|(line, ahead)| (line.as_str(), ahead.as_str())));
    // It is what comes next indeed.
    for (at, (_, ahead)) in told.iter().enumerate().filter(|(_, (_, ahead))| ahead.is_some()) {
        assert_eq!(ahead.as_ref(), told.get(at + 1).map(|(line, _)| line));
    }
}

#[test]
fn who_has_cancelled_reads_nothing_ahead() {
    let mut stand = stand();
    let mut engine = engine(&stand, 6);
    let mut told = Vec::new();
    drive(&mut engine, &mut stand.api, |engine, _, request| {
        engine.cancel();
        told.push((line_of(request), engine.ahead()));
    });
    assert!(told.iter().all(|(_, ahead)| ahead.is_none()), "{told:?}");
}
