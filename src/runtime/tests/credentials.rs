//! A credential plugin that fails rests; asking to try again now wakes it too.

use std::sync::Arc;

use pretty_assertions::assert_eq;

use super::stand::Stand;
use crate::core::Kind;
use crate::sources::auth::Login;
use crate::sources::auth::exec::tests::{held, script};
use crate::sources::kube::testing::target;

#[tokio::test(start_paused = true)]
async fn a_wish_to_try_again_now_runs_a_plugin_that_rests_after_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let plugin = script(folder.path(), &format!("echo run >> {}\nexit 1", runs.display()));
    let mut reached = target();
    reached.login = Login::Plugin(Arc::new(plugin));
    let mut stand = Stand::new("sources", &reached);
    let credentials = Arc::clone(stand.world.client().unwrap().credentials());
    let ran = || std::fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let refused = async || held(credentials.grant()).await.unwrap_err().kind;
    assert_eq!(refused().await, Kind::Auth);
    let before = ran();
    assert_eq!((refused().await, ran()), (Kind::Auth, before), "it rests");
    stand.press('r', true);
    assert_eq!((refused().await, ran()), (Kind::Auth, before + 1), "it was woken");
}
