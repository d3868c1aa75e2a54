//! Questions about texts: documents and manifests in all styles, and texts that are nearly or not at all YAML.

mod words;
mod write;

use crate::constructs::{Construct, Marks};
use crate::question::{Op, Question};
use crate::random::Random;
use write::Writer;

/// Makes a question about a text.
pub fn make(op: Op, random: &mut Random, marks: &mut Marks) -> Question {
    let wild = *random.pick(&[0, 0, 0, 0, 4, 12]);
    let mut text = match (op, random.below(24)) {
        (_, 0) => nonsense(random, marks),
        (Op::Yaml, 1) if random.one_in(6) => deep(random, marks),
        (Op::Manifest, 2) if random.one_in(12) => format!("kind: A\nx:\n  {}", deep(random, marks)),
        (Op::Yaml, 1) if random.one_in(5) => aliases(random, marks),
        (Op::Yaml, 1..=17) => Writer::new(random, marks, wild).document(),
        (Op::Yaml, _) => Writer::new(random, marks, wild).scalars(),
        (Op::Manifest, 1) => json_stream(random, marks),
        _ => manifest(&mut Writer::new(random, marks, wild)),
    };
    if op == Op::Yaml && random.one_in(40) {
        marks.note(Construct::Directive);
        let directive = [
            "%YAML 1.1\n---\n",
            "%YAML 1.2\n---\n",
            "%TAG !e! tag:yaml.org,2002:\n---\n",
            "%TAG ! !a\n---\n",
            "%X\n---\n",
            "%YAML 1.1 # x\n",
        ];
        text.insert_str(0, random.text(&directive));
    }
    if random.one_in(7) {
        mutate(&mut text, random, marks);
    }
    if random.one_in(80) {
        forbid(&mut text, random, marks);
    }
    if random.one_in(12) {
        text = text.replace('\n', "\r\n");
    }
    if random.one_in(30) {
        text.truncate(text.trim_end().len());
    }
    marks.note_if(text.contains("\r\n"), Construct::CrLf);
    marks.note_if(text.contains('\t'), Construct::Tab);
    marks.note_if(!text.is_ascii(), Construct::Unicode);
    Question::of_text(op, text)
}

fn manifest(writer: &mut Writer<'_>) -> String {
    writer.marks.note(Construct::ManyDocuments);
    let mut out = String::new();
    for _ in 0..=writer.random.below(4) {
        let separators =
            ["---\n", "---\n", "--- # x\n", "---   \n", "\n---\n", "---\n---\n", "---\t\n", "---\n---# x\n"];
        out.push_str(writer.either(3, &separators, &["---# x\n", "--- x\n", "----\n", "---\u{85}\n", ""]));
        match writer.random.below(12) {
            0 | 1 => {
                writer.marks.note(Construct::ListKind);
                out.push_str(writer.either(2, &LISTS, &BAD_LISTS));
            }
            2 => {
                writer.marks.note(Construct::CommentOnly);
                let comments =
                    ["# only a comment\n", "# a\n\n# b\n", "\n\n", "  # x\n", "# Source: a\n", " \n"];
                out.push_str(writer.random.text(&comments));
            }
            3 => {
                let odd = ["a\n", "1\n", "[]\n", "{}\n", "''\n", "kind: on\n", "kind: 1\n"];
                out.push_str(writer.either(1, &["null\n", "~\n", "kind: A\n...\nx: [\n", "...\n"], &odd));
            }
            _ => {
                let kinds = ["kind: K\n", "apiVersion: v1\nkind: K\n", "{apiVersion: v1, kind: K}\n"];
                out.push_str(writer.either(4, &kinds, &[""]));
                if !writer.random.one_in(8) {
                    let document = writer.document();
                    out.push_str(&document);
                }
            }
        }
    }
    out
}

const LISTS: [&str; 7] = [
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: B\n- {apiVersion: v1, kind: C, n: 0644}\n",
    "apiVersion: v1\nkind: PodList\nitems:\n- metadata:\n    name: a\n",
    "apiVersion: v1\nkind: List\nitems: []\n",
    "apiVersion: v1\nkind: List\nitems: ~\n",
    "apiVersion: a/b\nkind: BList\nitems: [~, {}, {apiVersion: v1, kind: D}]\n",
    "kind: BList\nitems: [{apiVersion: a/b, kind: C}]\n",
    "apiVersion: v1\nkind: BList\nitems: [{kind: 5, apiVersion: [v1]}, {apiVersion: v1, kind: D, items: a}]\n",
];

const BAD_LISTS: [&str; 8] = [
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: BList\n  items:\n  - x: 1\n",
    "apiVersion: v1\nkind: BList\nitems: [{kind: C}]\n",
    "apiVersion: v1\nkind: List\nitems: [{a: b}]\n",
    "apiVersion: v1\nkind: List\nitems: {a: 1}\n",
    "apiVersion: a/b/c\nkind: A\n",
    "kind: Widget\nitems: text\n",
    "kind: BList\nitems: [~]\n",
    "apiVersion: v1\nkind: List\nitems: [a]\n",
];

fn json_stream(random: &mut Random, marks: &mut Marks) -> String {
    marks.note(Construct::Json);
    let mut out = random.text(&["", " ", "\n", "\t\n"]).to_owned();
    for _ in 0..=random.below(4) {
        out.push_str(random.text(&[
            "{\"kind\":\"A\"}",
            "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"n\":1.0,\"m\":1e3,\"o\":9223372036854775808,\"p\":-0}",
            "{\"kind\":\"A\",\"a\":[1,2.5,null,true,\"\\u00e9\\n\"],\"a\":{\"b\":{}}}",
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"B\"}]}",
            "{kind: A}",
            "{\"kind\":\"A\",\"n\":1e400}",
            "{\"kind\":\"A\",}",
            "{\"kind\": 'A'}",
            "{\"kind\":\"A\",\"a\":\"\\ud83d\\ude00\"}",
            "{\"kind\":\"A\",\"a\":\"\\ud800\\\\ud800\"}",
            "{\"kind\":\"A\",\"a\":\"\\uD83D\\ud83d\\uDE00\\udE00\"}",
            "null",
            "null",
            "1.5e3",
            "01a: b\nkind: A",
            "1.a: b\nkind: A",
            "[]",
            "kind: A",
            "-a: b\nkind: A",
        ]));
        out.push_str(random.text(&["", "\n", " ", "\n---\n", "---\n", "\n\n", " \n", ",", "\n--- # x\n"]));
    }
    out
}

fn nonsense(random: &mut Random, marks: &mut Marks) -> String {
    marks.note(Construct::Nonsense);
    let parts = [
        "a", "b: ", "- ", "\n", "\n  ", "{", "}", "[", "]", ", ", ": ", ":", "? ", "'", "\"", "|", ">",
        "&x ", "*x ", "!!str ", "#", " ", "<<: ", "1", "...", "%", "\t", "\\n", "---\n", "é", "\r", "\u{85}",
        "\n...\n", "  ", ",", "?", "-",
    ];
    (0..=random.below(14)).map(|_| *random.pick(&parts)).collect()
}

/// Something nested about as deeply as we read it.
fn deep(random: &mut Random, marks: &mut Marks) -> String {
    marks.note(Construct::Deep);
    let levels = 200 + random.below(100);
    let (open, close) = *random.pick(&[("[", "]"), ("{a: ", "}"), ("- ", "")]);
    format!("{}x{}\n", open.repeat(levels), close.repeat(levels))
}

/// Aliases of aliases, about as many as Helm's parser takes, which depends on how much of the document they are.
fn aliases(random: &mut Random, marks: &mut Marks) -> String {
    marks.note(Construct::ManyAliases);
    let mut out = "a0: &a0 [x, x, x]\n".to_owned();
    let (mut level, mut nodes) = (0, 3);
    while nodes < 3_000 && !random.one_in(8) {
        let width = 2 + random.below(7);
        let items = vec![format!("*a{level}"); width].join(", ");
        level += 1;
        nodes *= width;
        out.extend([format!("a{level}: &a{level} [{items}]\n")]);
    }
    out.extend((0..random.below(60)).map(|at| format!("k{at}: x\n")));
    out
}

/// Characters that YAML has no place for.
const FORBIDDEN: [&str; 7] = ["\0", "\u{7}", "\u{1b}", "\u{7f}", "\u{9f}", "\u{fffe}", "\u{feff}"];

/// Puts a character in, at the beginning or anywhere.
fn forbid(text: &mut String, random: &mut Random, marks: &mut Marks) {
    marks.note(Construct::Forbidden);
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = if places.is_empty() || random.one_in(6) { 0 } else { *random.pick(&places) };
    text.insert_str(at, random.text(&FORBIDDEN));
}

/// Characters that mean something in YAML, and some that do not.
const CHARACTERS: [&str; 34] = [
    " ", "  ", "\n", "\n ", "\t", ":", ": ", "-", "- ", "?", ",", "[", "]", "{", "}", "#", " #", "&a ", "*a",
    "!", "|", ">", "'", "\"", "%", "@", "\\", "a", "0", ".", "\r", "\n\n", "---\n", "\u{85}",
];

/// Changes a text at a few places, with characters that mean something.
fn mutate(text: &mut String, random: &mut Random, marks: &mut Marks) {
    marks.note(Construct::Mutated);
    for _ in 0..=random.below(3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let from = *random.pick(&places);
        let length = text.get(from..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        match random.below(4) {
            0 => text.replace_range(from..from + length, ""),
            1 => text.replace_range(from..from + length, random.text(&CHARACTERS)),
            2 => text.insert_str(from, random.text(&CHARACTERS)),
            _ => {
                // A line is left out, doubled, or moved in.
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                let at = random.below(lines.len());
                let line = lines.get(at).copied().unwrap_or_default().to_owned();
                let start: usize = lines.iter().take(at).map(|line| line.len()).sum();
                match random.below(3) {
                    0 => text.replace_range(start..start + line.len(), ""),
                    1 => text.insert_str(start, &line),
                    _ => text.insert(start, ' '),
                }
            }
        }
    }
}
