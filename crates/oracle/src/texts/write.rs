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
    /// How often, once in so many times, something is written that Helm's parser may refuse; 0 for never.
    pub wild: usize,
    /// The anchors of mappings that are complete.
    anchors: Vec<usize>,
    /// How many anchors of mappings there are so far, and how many of scalars.
    map_anchors: usize,
    scalar_anchors: usize,
}

impl<'a> Writer<'a> {
    /// Returns a writer.
    pub fn new(random: &'a mut Random, marks: &'a mut Marks, wild: usize) -> Self {
        Self { random, marks, wild, anchors: Vec::new(), map_anchors: 0, scalar_anchors: 0 }
    }

    /// Whether something odd is to be written: once in so many times of what is usual.
    pub fn odd(&mut self, rarity: usize) -> bool {
        self.wild > 0 && self.random.one_in(self.wild * rarity)
    }

    /// Returns one of the usual texts, or, now and then, one of the odd ones.
    pub fn either(&mut self, rarity: usize, usual: &[&'static str], odd: &[&'static str]) -> &'static str {
        let odd_one = self.odd(rarity);
        self.random.text(if odd_one { odd } else { usual })
    }

    /// Returns a document that is a mapping.
    pub fn document(&mut self) -> String {
        self.anchors.clear();
        (self.map_anchors, self.scalar_anchors) = (0, 0);
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
                    let text = self.tagged_or_not();
                    out.extend([format!("k{at}: {text}\n")]);
                }
            }
        }
        out
    }

    fn entries(&mut self, indent: usize, depth: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..=self.random.below(4) {
            if self.random.one_in(15) {
                self.marks.note(Construct::Comment);
                let comments = ["# comment\n", "\n", "   # far comment\n", "  \n"];
                out.push_str(self.either(2, &comments, &["\t# tab\n", " \t \n"]));
            }
            out.push_str(&pad);
            if !self.anchors.is_empty() && self.random.one_in(10) {
                self.merge_key(!keys.is_empty(), out);
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

    fn merge_key(&mut self, beside_others: bool, out: &mut String) {
        let (first, last) = (*self.random.pick(&self.anchors), *self.random.pick(&self.anchors));
        self.marks.note_if(beside_others, Construct::MergeOverride);
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
                let merges = [
                    "<<: {a: 1, z: 2}\n",
                    "<<: [{a: 1}, {a: 2, b: 3}]\n",
                    "'<<': {a: 1}\n",
                    "<<: []\n",
                    "!!merge <<: {b: 2}\n",
                ];
                out.push_str(self.either(2, &merges, &["<<: 1\n", "<<:\n", "<<: [a]\n", "<<: [[]]\n"]));
            }
        }
    }

    fn key(&mut self) -> String {
        if self.odd(4) {
            let keys = [
                "~",
                "[a]",
                "{a: b}",
                "*m0 ",
                "-",
                "a: b",
                "a #",
                "18446744073709551615",
                "[]",
                "{}",
                "&a",
                "|",
            ];
            return if self.random.one_in(2) { self.random.text(&keys).to_owned() } else { self.plain() };
        }
        match self.random.below(18) {
            0 | 1 => {
                self.marks.note(Construct::KeyOfNoText);
                let keys = [
                    "1",
                    "0x10",
                    "1.5",
                    "1e30",
                    "true",
                    "on",
                    "2001-01-01",
                    "0",
                    "-0",
                    "0.0",
                    "-0.0",
                    ".nan",
                    ".inf",
                    "1_0",
                    "123456.7",
                    "0.1",
                ];
                self.random.text(&keys).to_owned()
            }
            2 => "\"quoted key\"".to_owned(),
            3 => self.random.text(&["'on'", "'1'", "\"1\"", "'it''s'", "\"a\\tb\"", "''"]).to_owned(),
            4 => "a.b/c".to_owned(),
            5 => {
                self.marks.note(Construct::Unicode);
                self.random.text(&UNICODE).to_owned()
            }
            6 => self
                .random
                .text(&["&k1 a", "!!str 1", "!!int '1'", "a b", "-a", "?a", ":a", "a#b"])
                .to_owned(),
            7 if self.random.one_in(4) => {
                self.marks.note(Construct::LongLine);
                let length = if self.wild > 0 { 1018 + self.random.below(12) } else { 1000 };
                "k".repeat(length)
            }
            _ => self.random.text(&["a", "b", "c", "data", "name", "x-y"]).to_owned(),
        }
    }

    /// Writes what stands behind a key or a dash, to the end of its line or lines.
    fn node(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        let deep = depth > 5;
        match self.random.below(16) {
            0..=2 if !deep => {
                let anchor = (in_map && self.random.one_in(3)).then_some(self.map_anchors);
                if let Some(anchor) = anchor {
                    self.marks.note(Construct::Anchor);
                    self.map_anchors += 1;
                    out.extend([format!("&m{anchor}")]);
                }
                let step = 1 + self.random.below(4);
                out.push('\n');
                self.entries(indent + step, depth, out);
                self.anchors.extend(anchor);
            }
            3..=5 if !deep => self.sequence(indent, depth, in_map, out),
            6 | 7 => {
                self.flow(depth, out);
                self.end(out);
            }
            8 | 9 => self.block(indent, out),
            10 => {
                let text = self.anchored();
                out.push_str(&text);
                self.end(out);
            }
            11 => self.many_lines(indent, out),
            _ => {
                let text = self.tagged_or_not();
                out.push_str(&text);
                self.end(out);
            }
        }
    }

    /// An alias, or a scalar with an anchor.
    fn anchored(&mut self) -> String {
        if self.odd(2) {
            return format!("*m{}", self.map_anchors.saturating_sub(self.random.below(2)));
        }
        if !self.anchors.is_empty() && self.random.one_in(3) {
            self.marks.note(Construct::Alias);
            return format!("*m{}", self.random.pick(&self.anchors));
        }
        if self.scalar_anchors > 0 && self.random.one_in(2) {
            self.marks.note(Construct::Alias);
            return format!("*s{}", self.random.below(self.scalar_anchors));
        }
        self.marks.note(Construct::Anchor);
        let text = self.scalar();
        self.scalar_anchors += 1;
        format!("&s{} {text}", self.scalar_anchors - 1)
    }

    fn sequence(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        self.marks.note(Construct::Sequence);
        let step = if in_map && self.random.one_in(2) { 0 } else { 1 + self.random.below(3) };
        let pad = " ".repeat(indent + step);
        out.push('\n');
        for _ in 0..=self.random.below(3) {
            out.push_str(&pad);
            out.push_str(if self.odd(6) { "-\t" } else { "- " });
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
                out.push_str(self.random.text(&[", ", ",", " , ", ",\n              ", ",\t"]));
            }
            if !list || self.random.one_in(10) {
                if self.random.one_in(20) {
                    self.marks.note(Construct::ExplicitKey);
                    out.push_str("? ");
                }
                let key = self.key();
                out.push_str(if key.contains(['?', ',']) { "a" } else { &key });
                out.push_str(self.either(4, &[": ", ": ", " : "], &["", ":"]));
            }
            if depth < 6 && self.random.one_in(4) {
                self.flow(depth + 1, out);
            } else {
                let text = self.scalar();
                let fits = !text.contains([',', '[', ']', '{', '}', '\n', '#', '?']) || self.odd(1);
                out.push_str(if fits { &text } else { "plain" });
            }
        }
        if count > 0 && self.random.one_in(8) {
            out.push(',');
        }
        let end = if list { "]" } else { "}" };
        out.push_str(self.either(10, &[end], &["", "]", "}", "]]", ",", ":"]));
    }

    fn many_lines(&mut self, indent: usize, out: &mut String) {
        self.marks.note(Construct::ManyLines);
        let texts = [
            "'one\nP two'",
            "\"one\nP\n\nP  two \\\nP three\"",
            "one\nPtwo\n\nPthree",
            "'it''s\nP'",
            "\"a\\tb\\u00e9\\x41\\\"\"",
            "one \t\nP\ttwo",
            "'one\n\nP\n two'",
            "\"one\\\n\n\nP\\  two\"",
            "one\nP# comment",
            "one\nP- two",
            "\"one\\\r\nPtwo\"",
            "one\n  \n\nPtwo",
            "\"one\n\tPtwo\"",
            "one\rPtwo\r\n\r\nPthree",
        ];
        let odd = [
            "one\nPtwo: three",
            "one # comment\nPtwo",
            "\"one\n---\nPtwo\"",
            "one\n--- \nPtwo",
            "'one\n... '",
            "'one",
            "\"one\nP",
            "one\n\tPtwo",
            "one\n\t two",
        ];
        let text = self.either(2, &texts, &odd);
        let pad = if self.odd(3) { indent } else { indent + 1 + self.random.below(4) };
        out.push_str(&text.replace('P', &" ".repeat(pad)));
        out.push('\n');
    }

    fn block(&mut self, indent: usize, out: &mut String) {
        let inner = indent + 1 + self.random.below(3);
        let (style, mark) = *self.random.pick(&[(Construct::Literal, "|"), (Construct::Folded, ">")]);
        let chompings = [(Construct::Clip, ""), (Construct::Strip, "-"), (Construct::Keep, "+")];
        let (chomping, sign) = *self.random.pick(&chompings);
        self.marks.note(style);
        self.marks.note(chomping);
        let explicit = self.random.one_in(6);
        out.push_str(mark);
        if explicit {
            self.marks.note(Construct::BlockIndent);
            let said = if self.odd(2) { self.random.below(10) } else { inner - indent };
            out.push_str(&if self.random.one_in(2) {
                format!("{said}{sign}")
            } else {
                format!("{sign}{said}")
            });
        } else {
            out.push_str(sign);
        }
        let ends = ["\n", "\n", "\n", " # comment\n", " \n", "\t\n", "#\n", "\r\n"];
        out.push_str(self.either(6, &ends, &[" a\n", "x\n", "2+\n", ""]));
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
                "é\u{85}Px",
                "x\u{2028}Py",
                "x\rPy",
            ]);
            // What comes first sets the indent.
            let line = if at == 0 && !explicit && !self.odd(2) { line.trim_start() } else { line };
            if !line.is_empty() {
                self.marks.note_if(line.contains('\t'), Construct::Tab);
                self.marks.note_if(!line.is_ascii(), Construct::UnicodeBreak);
                out.push_str(&pad);
                out.push_str(&line.replace('P', &pad));
            } else if self.random.one_in(3) {
                let most = if self.wild > 0 { inner + 3 } else { inner + 1 };
                out.push_str(&" ".repeat(self.random.below(most)));
            }
            out.push('\n');
        }
    }

    fn end(&mut self, out: &mut String) {
        if self.random.one_in(10) {
            self.marks.note(Construct::Comment);
            out.push_str(self.either(2, &[" # comment", " #", "\t# comment", "  "], &["#comment"]));
        }
        out.push('\n');
    }

    // ---- Scalars

    fn tagged_or_not(&mut self) -> String {
        match self.random.below(24) {
            0 => {
                self.marks.note(Construct::Tag);
                let tags = ["!!str ", "!x ", "! ", "!<tag:yaml.org,2002:str> ", "!!merge ", "!!%73tr "];
                let odd = [
                    "!!int ",
                    "!!float ",
                    "!!bool ",
                    "!!null ",
                    "!!binary ",
                    "!!timestamp ",
                    "!!map ",
                    "!!seq ",
                    "!<!x> ",
                    "!!%69nt ",
                    "!e!x ",
                    "!!",
                    "!x!y ",
                ];
                self.either(2, &tags, &odd).to_owned() + &self.scalar()
            }
            1 => {
                self.marks.note(Construct::Tag);
                let texts = [
                    "!!int 12",
                    "!!int '0x10'",
                    "!!float 1",
                    "!!float \"1.5\"",
                    "!!bool yes",
                    "!!null ~",
                    "!!null ''",
                    "!!binary aGk=",
                    "!!binary Yf/+YR==",
                    "!!timestamp 2001-1-2",
                    "!!str 0644",
                    "!!str on",
                    "!!float 1e3",
                    "!!binary \"aG\\nk=\"",
                    "!!int 0b1_1",
                ];
                self.random.text(&texts).to_owned()
            }
            _ => self.scalar(),
        }
    }

    fn plain(&mut self) -> String {
        let odd = self.odd(6);
        let (construct, word) = word(self.random, odd);
        if let Some(construct) = construct {
            self.marks.note(construct);
        }
        word
    }

    fn scalar(&mut self) -> String {
        match self.random.below(14) {
            0 => {
                self.marks.note(Construct::SingleQuotes);
                format!("'{}'", self.plain().replace('\'', "''"))
            }
            1 => self.double_quoted(),
            2 => {
                self.marks.note(Construct::Unicode);
                self.random.text(&UNICODE).to_owned()
            }
            3 => String::new(),
            4 => "some plain words with none".to_owned(),
            5 if self.random.one_in(6) => {
                self.marks.note(Construct::UnicodeBreak);
                format!("a{}                  b", self.random.text(&BREAKS))
            }
            6 if self.random.one_in(20) => {
                self.marks.note(Construct::LongLine);
                self.random.text(&["x", "word ", "é", "ab:c "]).repeat(400 + self.random.below(4000))
            }
            _ => self.plain(),
        }
    }

    fn double_quoted(&mut self) -> String {
        self.marks.note(Construct::Escape);
        let word = self.plain().replace('\\', "\\\\").replace('"', "\\\"");
        let escapes = [
            "",
            "\\n",
            "\\t",
            "\\\\",
            "\\u0041",
            "\\e",
            "\\_",
            "\\N",
            "\\0",
            " \\x41",
            "\\U0001F600",
            "\\L\\P",
            "\\a\\b\\v\\f\\r",
            "\\ ",
            "\\'",
            "\\x80\\xff",
            "\\\t",
            "\\\"",
        ];
        let odd = ["\\/", "\\ud800", "\\x4", "\\q", "\\uD83D\\uDE00", "\\", "\\é", "\\U00110000", "\\u12"];
        format!("\"{word}{}\"", self.either(2, &escapes, &odd))
    }
}
