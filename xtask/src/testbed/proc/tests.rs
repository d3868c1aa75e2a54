use super::*;

#[test]
fn a_process_with_the_same_pid_but_another_start_is_not_ours() {
    let me = i32::try_from(std::process::id()).unwrap();
    let real = Running { pid: me, started: identity(me).unwrap() };
    let other = Running { pid: me, started: "1 another-boot".into() };
    assert!(real.alive());
    assert!(!other.alive());
    // Would end this very test if the start were not compared.
    other.signal(Signal::KILL);
}

#[test]
fn a_process_that_only_waits_to_be_reaped_does_not_count_as_running() {
    let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let running = Running { pid, started: identity(pid).unwrap() };
    assert_eq!(stop(&[("sleep".into(), running.clone())], Duration::from_secs(5)), Vec::<String>::new());
    assert!(!running.alive());
    child.wait().unwrap();
}

#[test]
fn a_frozen_process_is_ended_too() {
    let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let running = Running { pid, started: identity(pid).unwrap() };
    running.signal(Signal::STOP);
    assert_eq!(stop(&[("sleep".into(), running)], Duration::from_secs(5)), Vec::<String>::new());
    child.wait().unwrap();
}
