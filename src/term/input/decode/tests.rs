use crossterm::event::KeyEventKind;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn all(bytes: &[u8]) -> Vec<Input> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    decoder.feed(bytes, &mut |i| out.push(i));
    decoder.idle(&mut |i| out.push(i));
    out
}

fn plain(code: KeyCode) -> Input {
    key(code, KeyModifiers::NONE)
}

#[test]
fn keys_are_read_in_every_form_that_terminals_send() {
    use KeyModifiers as M;
    let repeat = Input::Key(KeyEvent::new_with_kind(KeyCode::Down, KeyModifiers::NONE, KeyEventKind::Repeat));
    for (bytes, wanted) in [
        (&b"j"[..], plain(KeyCode::Char('j'))),
        (b"G", key(KeyCode::Char('G'), M::SHIFT)),
        (b"\r", plain(KeyCode::Enter)),
        (b"\x04", key(KeyCode::Char('d'), M::CONTROL)),
        (b"\x1a", key(KeyCode::Char('z'), M::CONTROL)),
        (b"\x00", key(KeyCode::Char(' '), M::CONTROL)),
        (b"\x7f", plain(KeyCode::Backspace)),
        (b"\x1b", plain(KeyCode::Esc)),
        (b"\x1bx", key(KeyCode::Char('x'), M::ALT)),
        (b"\x1b[", key(KeyCode::Char('['), M::ALT)),
        (b"\x1bP", key(KeyCode::Char('P'), M::ALT | M::SHIFT)),
        (b"\x1b[A", plain(KeyCode::Up)),
        (b"\x1bOB", plain(KeyCode::Down)),
        (b"\x1bOP", plain(KeyCode::F(1))),
        (b"\x1b[15~", plain(KeyCode::F(5))),
        (b"\x1b[24~", plain(KeyCode::F(12))),
        (b"\x1b[3;5~", key(KeyCode::Delete, M::CONTROL)),
        (b"\x1b[1;2C", key(KeyCode::Right, M::SHIFT)),
        (b"\x1b[Z", key(KeyCode::BackTab, M::SHIFT)),
        (b"\x1b[1;1:2B", repeat),
        (b"\x1b[107;5u", key(KeyCode::Char('k'), M::CONTROL)),
        (b"\x1b[97:65;2u", key(KeyCode::Char('A'), M::SHIFT)),
        (b"\x1b[27;5;107~", key(KeyCode::Char('k'), M::CONTROL)),
        ("ж".as_bytes(), plain(KeyCode::Char('ж'))),
        ("漢".as_bytes(), plain(KeyCode::Char('漢'))),
        ("🚀".as_bytes(), plain(KeyCode::Char('🚀'))),
        (b"\x1b[I", Input::Focus(true)),
        (b"\x1b[O", Input::Focus(false)),
    ] {
        assert_eq!(all(bytes), [wanted], "{:?}", bytes.escape_ascii().to_string());
    }
}

#[test]
fn replies_of_the_terminal_and_unknown_sequences_are_dropped() {
    for bytes in [
        &b"\x1b[?62;22c"[..],
        b"\x1b[?2026;2$y",
        b"\x1b[>0;276;0c",
        b"\x1b[24;80R",
        b"\x1b[0;0R",
        b"\x1bP>|tmux 3.4\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b]lyes, roll back\x1b\\",
        b"\x1b]52;c;eWVz\x07",
        b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[99999999999999u",
        b"\x1b[8;24;80t",
        b"\x1b[M !!",
        b"\x1b[[A",
        b"\x1b[97;1:3u",
        b"\xff\xfe\x80",
        b"\xc2\x9b",
    ] {
        let mut with_key = bytes.to_vec();
        with_key.push(b'q');
        assert_eq!(all(&with_key), [plain(KeyCode::Char('q'))], "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_paste_is_one_event_and_never_keys() {
    let text = "rm -rf /\n\u{1b}[A yes";
    let bytes = format!("a\u{1b}[200~{text}\u{1b}[201~b");
    assert_eq!(
        all(bytes.as_bytes()),
        [plain(KeyCode::Char('a')), Input::Paste { text: text.into(), cut: 0 }, plain(KeyCode::Char('b'))]
    );
}

#[test]
fn a_paste_beyond_the_limit_is_cut_and_counted() {
    let mut bytes = b"\x1b[200~".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', PASTE_LIMIT + 1234));
    bytes.extend_from_slice(PASTE_END);
    let out = all(&bytes);
    let [Input::Paste { text, cut }] = out.as_slice() else { panic!("{} events", out.len()) };
    assert_eq!((text.raw().len(), *cut), (PASTE_LIMIT, 1234));
}

#[test]
fn the_mouse_is_read_in_its_sgr_form() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let at = |kind, modifiers| Input::Mouse(MouseEvent { kind, column: 9, row: 4, modifiers });
    assert_eq!(
        all(b"\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<65;10;5M\x1b[<34;10;5M\x1b[<16;10;5M\x1b[<0;0;0M"),
        [
            at(MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE),
            at(MouseEventKind::Up(MouseButton::Left), KeyModifiers::NONE),
            at(MouseEventKind::ScrollDown, KeyModifiers::NONE),
            at(MouseEventKind::Drag(MouseButton::Right), KeyModifiers::NONE),
            at(MouseEventKind::Down(MouseButton::Left), KeyModifiers::CONTROL),
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_leave_a_decoder_that_reads_the_next_key(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut decoder = Decoder::default();
        decoder.feed(&bytes, &mut |_| {});
        decoder.idle(&mut |_| {});
        let mut out = Vec::new();
        decoder.feed(b"q", &mut |i| out.push(i));
        prop_assert_eq!(out, vec![plain(KeyCode::Char('q'))]);
    }

    #[test]
    fn events_do_not_depend_on_how_the_bytes_are_cut(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..200) {
        let at = at.min(bytes.len());
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(&bytes[..at], &mut |i| out.push(i));
        decoder.feed(&bytes[at..], &mut |i| out.push(i));
        decoder.idle(&mut |i| out.push(i));
        prop_assert_eq!(out, all(&bytes));
    }
}
