//! Random YAML documents, in all styles.

use super::words::{BREAKS, UNICODE, word};
use crate::constructs::{Construct, Marks};
use crate::random::Random;

/// Writes documents.
#[derive(Debug)]
pub struct Writer<'a> {
    /// The dice.
    pub random: &'a mut Random,
    /// What was written.
    pub marks: &'a mut Marks,
    /// How many anchors of mappings there are so far.
    anchors: usize,
}

impl<'a> Writer<'a> {
    /// Returns a writer.
    pub fn new(random: &'a mut Random, marks: &'a mut Marks) -> Self {
        Self { random, marks, anchors: 0 }
    }

    /// Returns a document that is a mapping.
    pub fn document(&mut self) -> String {
        self.anchors = 0;
        let mut out = String::new();
        if self.random.one_in(3) {
            self.marks.note(Construct::Comment);
            out.push_str("# Source: chart/templates/a.yaml\n");
        }
        if self.random.one_in(2) {
            out.push_str("apiVersion: v1\nkind: A\n");
        }
        self.entries(0, 0, &mut out);
        out
    }

    /// Returns a document of scalars only, or of one thing that is no mapping.
    pub fn scalars(&mut self) -> String {
        let mut out = String::new();
        match self.random.below(8) {
            0 => self.node(0, 1, false, &mut out),
            1 => {
                for _ in 0..=self.random.below(4) {
                    out.push_str("- ");
                    self.node(0, 3, false, &mut out);
                }
            }
            _ => {
                for at in 0..=self.random.below(8) {
                    let tag = if self.random.one_in(8) { self.tag() } else { "" };
                    let word = self.plain();
                    out.extend([format!("k{at}: {tag}{word}\n")]);
                }
            }
        }
        out
    }

    fn tag(&mut self) -> &'static str {
        self.marks.note(Construct::Tag);
        self.random.text(&[
            "!!str ",
            "!!int ",
            "!!float ",
            "!!bool ",
            "!!null ",
            "!!binary ",
            "!!timestamp ",
            "!x ",
            "! ",
            "!!map ",
            "!!seq ",
            "!!merge ",
            "!<tag:yaml.org,2002:str> ",
            "!<!x> ",
            "!!%69nt ",
            "!e!x ",
            "!!",
            "!x!y ",
        ])
    }

    fn plain(&mut self) -> String {
        let (construct, word) = word(self.random);
        if let Some(construct) = construct {
            self.marks.note(construct);
        }
        word
    }

    fn entries(&mut self, indent: usize, depth: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..=self.random.below(4) {
            if self.random.one_in(15) {
                self.marks.note(Construct::Comment);
                out.push_str(self.random.text(&[
                    "# comment\n",
                    "\n",
                    "   # far comment\n",
                    "  \n",
                    "\t# tab\n",
                    " \t \n",
                ]));
            }
            out.push_str(&pad);
            if self.anchors > 0 && self.random.one_in(10) {
                self.merge_key(&keys, out);
                continue;
            }
            let key = self.key();
            self.marks.note_if(keys.contains(&key), Construct::DuplicateKey);
            if self.random.one_in(40) {
                self.marks.note(Construct::ExplicitKey);
                out.extend([format!("? {key}\n{pad}: ")]);
            } else {
                out.push_str(&key);
                out.push_str(self.random.text(&[": ", ":  ", ": ", " : ", ": ", ":\t"]));
            }
            keys.push(key);
            self.node(indent, depth + 1, true, out);
        }
    }

    fn merge_key(&mut self, keys: &[String], out: &mut String) {
        let (first, last) = (self.random.below(self.anchors), self.random.below(self.anchors));
        self.marks.note_if(!keys.is_empty(), Construct::MergeOverride);
        match self.random.below(4) {
            0 | 1 => {
                self.marks.note(Construct::MergeOne);
                self.marks.note(Construct::Alias);
                out.extend([format!("<<: *m{first}\n")]);
            }
            2 => {
                self.marks.note(Construct::MergeList);
                self.marks.note(Construct::Alias);
                out.extend([format!("<<: [*m{first}, *m{last}, {{a: 3}}]\n")]);
            }
            _ => {
                self.marks.note(Construct::MergeOne);
                out.push_str(self.random.text(&[
                    "<<: {a: 1, z: 2}\n",
                    "<<: [{a: 1}, {a: 2, b: 3}]\n",
                    "<<: 1\n",
                    "<<:\n",
                    "'<<': {a: 1}\n",
                ]));
            }
        }
    }

    fn key(&mut self) -> String {
        match self.random.below(20) {
            0 | 1 => {
                self.marks.note(Construct::KeyOfNoText);
                let keys = [
                    "1",
                    "0x10",
                    "1.5",
                    "1e30",
                    "true",
                    "on",
                    "~",
                    "2001-01-01",
                    "0",
                    "-0",
                    "0.0",
                    "-0.0",
                    ".nan",
                    ".inf",
                    "1_0",
                    "[a]",
                    "{a: b}",
                ];
                self.random.text(&keys).to_owned()
            }
            2 => self.plain().replace(": ", ""),
            3 => "\"quoted key\"".to_owned(),
            4 => self.random.text(&["'on'", "'1'", "\"1\"", "'it''s'", "\"a\\tb\"", "''"]).to_owned(),
            5 => "a.b/c".to_owned(),
            6 => self.random.text(&UNICODE).to_owned(),
            7 => self
                .random
                .text(&["*m0 ", "&k1 a", "!!str 1", "!!int '1'", "a b", "a ", "-a", "?a", ":a"])
                .to_owned(),
            8 if self.random.one_in(4) => {
                self.marks.note(Construct::LongLine);
                "k".repeat(1018 + self.random.below(12))
            }
            _ => self.random.text(&["a", "b", "c", "data", "name", "x-y"]).to_owned(),
        }
    }

    /// Writes what stands behind a key or a dash, to the end of its line or lines.
    fn node(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        let deep = depth > 5;
        match self.random.below(16) {
            0..=2 if !deep => {
                if in_map && self.random.one_in(3) {
                    self.marks.note(Construct::Anchor);
                    out.extend([format!("&m{}", self.anchors)]);
                    self.anchors += 1;
                }
                let step = 1 + self.random.below(4);
                out.push('\n');
                self.entries(indent + step, depth, out);
            }
            3..=5 if !deep => self.sequence(indent, depth, in_map, out),
            6 | 7 => {
                self.flow(depth, out);
                self.end(out);
            }
            8 | 9 => self.block(indent, out),
            10 => {
                let anchor = self.random.below(self.anchors + 1);
                if self.random.one_in(2) {
                    self.marks.note(Construct::Alias);
                    out.extend([format!("*m{anchor}")]);
                } else {
                    self.marks.note(Construct::Anchor);
                    let text = self.scalar();
                    out.extend([format!("&m{anchor} {text}")]);
                }
                self.end(out);
            }
            11 => self.many_lines(indent, out),
            _ => {
                let tag = if self.random.one_in(20) { self.tag() } else { "" };
                out.push_str(tag);
                let text = self.scalar();
                out.push_str(&text);
                self.end(out);
            }
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        self.marks.note(Construct::Sequence);
        let step = if in_map && self.random.one_in(2) { 0 } else { 1 + self.random.below(3) };
        let pad = " ".repeat(indent + step);
        out.push('\n');
        for _ in 0..=self.random.below(3) {
            out.push_str(&pad);
            out.push_str(if self.random.one_in(20) { "-\t" } else { "- " });
            if depth < 5 && self.random.one_in(3) {
                // A mapping that begins behind the dash.
                let mut inner = String::new();
                self.entries(indent + step + 2, depth + 1, &mut inner);
                let inner = inner.trim_start_matches([' ', '\n']);
                out.push_str(if inner.is_empty() { "a\n" } else { inner });
            } else {
                self.node(indent + step, depth + 1, false, out);
            }
        }
    }

    fn flow(&mut self, depth: usize, out: &mut String) {
        self.marks.note(Construct::Flow);
        let list = self.random.one_in(2);
        out.push(if list { '[' } else { '{' });
        let count = self.random.below(4);
        for at in 0..count {
            if at > 0 {
                out.push_str(self.random.text(&[", ", ",", " , ", ",\n    ", ",\t"]));
            }
            if !list || self.random.one_in(10) {
                let key = self.key();
                if self.random.one_in(20) {
                    self.marks.note(Construct::ExplicitKey);
                    out.push_str("? ");
                }
                out.push_str(&key);
                out.push_str(self.random.text(&[": ", ": ", " : ", ":", ""]));
            }
            if depth < 6 && self.random.one_in(4) {
                self.flow(depth + 1, out);
            } else {
                let text = self.scalar();
                let fits = !text.contains([',', '[', ']', '{', '}', '\n', '#']) || self.random.one_in(10);
                out.push_str(if fits { &text } else { "plain" });
            }
        }
        if count > 0 && self.random.one_in(8) {
            out.push(',');
        }
        out.push(if list { ']' } else { '}' });
    }

    fn scalar(&mut self) -> String {
        match self.random.below(12) {
            0 => {
                self.marks.note(Construct::SingleQuotes);
                format!("'{}'", self.plain().replace('\'', "''"))
            }
            1 => {
                self.marks.note(Construct::Escape);
                let word = self.plain().replace('\\', "\\\\").replace('"', "\\\"");
                let escape = self.random.text(&[
                    "",
                    "\\n",
                    "\\t",
                    "\\\\",
                    "\\u0041",
                    "\\e",
                    "\\/",
                    "\\_",
                    "\\N",
                    "\\0",
                    " \\x41",
                    "\\U0001F600",
                    "\\L\\P",
                    "\\ud800",
                    "\\x4",
                    "\\a\\b\\v\\f\\r",
                    "\\ ",
                    "\\'",
                    "\\q",
                    "\\x80\\xff",
                    "\\\t",
                    "\\uD83D\\uDE00",
                    "\\\"",
                ]);
                format!("\"{word}{escape}\"")
            }
            2 => {
                self.marks.note(Construct::Unicode);
                self.random.text(&UNICODE).to_owned()
            }
            3 => String::new(),
            4 => "some plain words, with none".to_owned(),
            5 if self.random.one_in(6) => {
                self.marks.note(Construct::UnicodeBreak);
                format!("a{}  b", self.random.text(&BREAKS))
            }
            6 if self.random.one_in(20) => {
                self.marks.note(Construct::LongLine);
                self.random.text(&["x", "word ", "é", "ab:c "]).repeat(400 + self.random.below(4000))
            }
            _ => self.plain(),
        }
    }

    fn many_lines(&mut self, indent: usize, out: &mut String) {
        self.marks.note(Construct::ManyLines);
        let pad = " ".repeat((indent + 1 + self.random.below(4)).saturating_sub(self.random.below(3)));
        let text = self.random.text(&[
            "'one\nP two'",
            "\"one\nP\n\nP  two \\\nP three\"",
            "one\nPtwo\n\nPthree",
            "'it''s\nP'",
            "\"a\\tb\\u00e9\\x41\\\"\"",
            "one \t\nP\ttwo",
            "'one\n\nP\n two'",
            "\"one\\\n\n\nP\\  two\"",
            "one\nPtwo: three",
            "one\nP# comment",
            "one # comment\nPtwo",
            "\"one\n---\nPtwo\"",
            "one\n--- \nPtwo",
            "'one\n... '",
            "one\nP- two",
            "\"one\\\r\nPtwo\"",
        ]);
        out.push_str(&text.replace('P', &pad));
        self.end(out);
    }

    fn block(&mut self, indent: usize, out: &mut String) {
        let inner = indent + 1 + self.random.below(3);
        let (style, mark) = *self.random.pick(&[(Construct::Literal, "|"), (Construct::Folded, ">")]);
        let (chomping, sign) =
            *self.random.pick(&[(Construct::Clip, ""), (Construct::Strip, "-"), (Construct::Keep, "+")]);
        self.marks.note(style);
        self.marks.note(chomping);
        let explicit = self.random.one_in(6);
        out.push_str(mark);
        if explicit {
            self.marks.note(Construct::BlockIndent);
            let said = if self.random.one_in(8) { self.random.below(10) } else { inner - indent };
            out.push_str(&if self.random.one_in(2) {
                format!("{said}{sign}")
            } else {
                format!("{sign}{said}")
            });
        } else {
            out.push_str(sign);
        }
        out.push_str(self.random.text(&[
            "\n",
            "\n",
            "\n",
            " # comment\n",
            " \n",
            "\t\n",
            "#\n",
            " a\n",
            "\r\n",
        ]));
        let pad = " ".repeat(inner);
        for at in 0..=self.random.below(6) {
            let line = self.random.text(&[
                "text",
                "text",
                "  more indented",
                "key: value",
                "- dash",
                "# no comment",
                "",
                "",
                "trailing ",
                "\tx",
                "{{ x }}",
                "--- x",
                " ",
                "é\u{85}x",
                "x\u{2028}y",
                "x\ry",
            ]);
            // What comes first sets the indent.
            let line = if at == 0 && !explicit && !self.random.one_in(8) { line.trim_start() } else { line };
            if !line.is_empty() {
                self.marks.note_if(line.contains('\t'), Construct::Tab);
                self.marks.note_if(!line.is_ascii(), Construct::UnicodeBreak);
                out.push_str(&pad);
                out.push_str(line);
            } else if self.random.one_in(3) {
                out.push_str(&" ".repeat(self.random.below(inner + 3)));
            }
            out.push('\n');
        }
    }

    fn end(&mut self, out: &mut String) {
        if self.random.one_in(10) {
            self.marks.note(Construct::Comment);
            out.push_str(self.random.text(&[" # comment", " #", "\t# comment", "#comment", "  "]));
        }
        out.push('\n');
    }
}
