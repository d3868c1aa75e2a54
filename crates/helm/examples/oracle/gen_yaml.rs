//! Random YAML: documents written from random values in all styles, scalars of every spelling, and some nonsense.

use crate::random::Random;

pub struct Made {
    pub text: String,
    pub constructs: Vec<&'static str>,
}

const WORDS: &[&str] = &[
    "a",
    "abc",
    "y",
    "Y",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "null",
    "~",
    "Null",
    "0",
    "00",
    "0644",
    "08",
    "0o17",
    "0x1F",
    "0X1f",
    "0b101",
    "0b12",
    "-0x10",
    "+12",
    "-12",
    "1_000",
    "1__0",
    "_1",
    "1_",
    "0_7",
    "1e3",
    "1E+3",
    "1e-7",
    "1.0",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "1.5e300",
    "1e400",
    "-1e400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1e18",
    "1e19",
    "1e21",
    "123456789012345678",
    "0.1",
    "0.000001",
    "0.0000001",
    "3.4028236e38",
    "-0",
    "-0.0",
    ".inf",
    "-.INF",
    ".nan",
    ".",
    "..",
    "-",
    "+",
    "1:30",
    "1:30:59",
    "2001-12-14",
    "2001-12-14T21:59:43.10-05:00",
    "2001-1-2",
    "2001-12-14 21:59:43.1",
    "<<",
    "=",
    "0x",
    "0b",
    "0o",
    "0o8",
    "1.2.3",
    "v1.2",
    "10Gi",
    "100m",
    "a:b",
    "a#b",
    "http://x/y?z=1",
    "%a",
    "@a",
    "`a",
    "a b",
    "0b+1",
    "0b-1",
    "._5",
    ".1_2",
    "1,000",
    "12e03",
    "0.",
    "0e0",
    "1e",
    "x: y",
];

pub fn make(random: &mut Random) -> Made {
    let mut writer = Writer { random, constructs: Vec::new(), anchors: 0, crlf: false };
    let text = match writer.random.below(20) {
        0..=11 => writer.document(),
        12..=14 => writer.scalars(),
        15..=17 => writer.manifest(),
        _ => writer.nonsense(),
    };
    let crlf = writer.random.one_in(12);
    let mut constructs = writer.constructs;
    let text = if crlf {
        constructs.push("CRLF");
        text.replace('\n', "\r\n")
    } else {
        text
    };
    Made { text, constructs }
}

struct Writer<'a> {
    random: &'a mut Random,
    constructs: Vec<&'static str>,
    anchors: usize,
    crlf: bool,
}

impl Writer<'_> {
    /// Objects, so that the text is a manifest's document too.
    fn document(&mut self) -> String {
        self.anchors = 0;
        let mut out = String::new();
        if self.random.one_in(3) {
            out.push_str("# Source: chart/templates/a.yaml\n");
        }
        if self.random.one_in(2) {
            out.push_str("apiVersion: v1\nkind: A\n");
        }
        self.entries(0, 0, &mut out);
        out
    }

    fn manifest(&mut self) -> String {
        self.constructs.push("several documents");
        let mut out = String::new();
        for _ in 0..=self.random.below(4) {
            out.push_str(self.random.text(&[
                "---\n",
                "--- # x\n",
                "---   \n",
                "\n---\n",
                "---\n# only a comment\n---\n",
            ]));
            match self.random.below(5) {
                0 => {
                    self.constructs.push("list of objects");
                    out.push_str("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: B\n- {apiVersion: v1, kind: C, n: 0644}\n");
                }
                1 => out.push_str("apiVersion: v1\nkind: PodList\nitems:\n- metadata:\n    name: a\n"),
                _ => {
                    out.push_str("kind: K\n");
                    out.push_str(&self.document());
                }
            }
        }
        out
    }

    fn scalars(&mut self) -> String {
        self.constructs.push("scalars");
        let mut out = String::new();
        for at in 0..=self.random.below(8) {
            let word = self.word();
            let tag = if self.random.one_in(8) { self.tag() } else { "" };
            out.extend([format!("k{at}: {tag}{word}\n")]);
        }
        out
    }

    fn tag(&mut self) -> &'static str {
        self.constructs.push("tag");
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
            "!<tag:yaml.org,2002:str> ",
        ])
    }

    fn word(&mut self) -> String {
        if self.random.below(3) > 0 {
            return self.random.text(WORDS).to_owned();
        }
        let alphabets = [
            "0123456789",
            "0123456789abcdefxob_+-.eE",
            "01_b",
            "aynot.-",
            "0123456789.eE+-",
            "0123456789-T:Z .",
        ];
        let alphabet = self.random.pick(&alphabets).as_bytes();
        (0..=self.random.below(10))
            .map(|_| char::from(*self.random.pick(alphabet)))
            .collect::<String>()
            .trim()
            .to_owned()
    }

    fn nonsense(&mut self) -> String {
        self.constructs.push("nonsense");
        let parts = [
            "a", "b: ", "- ", "\n", "\n  ", "{", "}", "[", "]", ", ", ": ", ":", "? ", "'", "\"", "|", ">",
            "&x ", "*x ", "!!str ", "#", " ", "<<: ", "1", "...", "%", "\t", "\\n", "---\n", "é",
        ];
        (0..=self.random.below(14)).map(|_| *self.random.pick(&parts)).collect()
    }

    fn entries(&mut self, indent: usize, depth: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        for _ in 0..=self.random.below(4) {
            if self.random.one_in(15) {
                out.push_str(self.random.text(&["# comment\n", "\n", "   # far comment\n", "  \n"]));
            }
            out.push_str(&pad);
            if self.anchors > 0 && self.random.one_in(14) {
                self.constructs.push("merge key");
                let first = self.random.below(self.anchors);
                let last = self.random.below(self.anchors);
                match self.random.below(3) {
                    0 => out.extend([format!("<<: *m{first}\n")]),
                    1 => out.extend([format!("<<: [*m{first}, *m{last}]\n")]),
                    _ => out.push_str("<<: {a: 1, z: 2}\n"),
                }
                continue;
            }
            let key = self.key();
            if self.random.one_in(40) {
                self.constructs.push("explicit key");
                out.extend([format!("? {key}\n{pad}: ")]);
            } else {
                out.push_str(&key);
                out.push_str(self.random.text(&[": ", ":  ", ": ", " : ", ": "]));
            }
            self.node(indent, depth + 1, true, out);
        }
    }

    fn key(&mut self) -> String {
        match self.random.below(14) {
            0 => {
                let word = self.word();
                if word.is_empty() || word.contains([':', '#']) { "k".to_owned() } else { word }
            }
            1 => "\"quoted key\"".to_owned(),
            2 => "'on'".to_owned(),
            3 => "a.b/c".to_owned(),
            _ => self.random.text(&["a", "b", "c", "data", "name", "x-y"]).to_owned(),
        }
    }

    /// Writes what stands behind a key or a dash, to the end of its line or lines.
    fn node(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        let deep = depth > 5;
        match self.random.below(16) {
            0..=2 if !deep => {
                if in_map && self.random.one_in(5) {
                    self.constructs.push("anchor");
                    out.extend([format!("&m{}", self.anchors)]);
                    self.anchors += 1;
                }
                let step = 1 + self.random.below(4);
                out.push('\n');
                self.entries(indent + step, depth, out);
            }
            3..=5 if !deep => self.sequence(indent, depth, in_map, out),
            6 | 7 => {
                self.constructs.push("flow");
                self.flow(depth, out);
                self.end(out);
            }
            8 | 9 => self.block_text(indent, out),
            10 if self.anchors > 0 => {
                self.constructs.push("alias");
                out.extend([format!("*m{}", self.random.below(self.anchors))]);
                self.end(out);
            }
            11 => {
                self.constructs.push("text over several lines");
                let pad = " ".repeat(indent + 1 + self.random.below(3));
                let text = self.random.text(&[
                    "'one\nP two'",
                    "\"one\nP\n\nP  two \\\nP three\"",
                    "one\nPtwo\n\nPthree",
                    "'it''s\nP'",
                    "\"a\\tb\\u00e9\\x41\\\"\"",
                ]);
                out.push_str(&text.replace('P', &pad));
                self.end(out);
            }
            _ => {
                let text = self.scalar();
                out.push_str(&text);
                self.end(out);
            }
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize, in_map: bool, out: &mut String) {
        self.constructs.push("sequence");
        let step = if in_map && self.random.one_in(2) { 0 } else { 1 + self.random.below(3) };
        let pad = " ".repeat(indent + step);
        out.push('\n');
        for _ in 0..=self.random.below(3) {
            out.push_str(&pad);
            out.push_str("- ");
            if depth < 5 && self.random.one_in(3) {
                // A mapping that begins behind the dash.
                let mut inner = String::new();
                self.entries(indent + step + 2, depth + 1, &mut inner);
                let inner = inner.trim_start_matches([' ', '\n']);
                if inner.starts_with('#') {
                    out.push_str("a\n");
                } else {
                    out.push_str(inner);
                }
            } else {
                self.node(indent + step, depth + 1, false, out);
            }
        }
    }

    fn flow(&mut self, depth: usize, out: &mut String) {
        let list = self.random.one_in(2);
        out.push(if list { '[' } else { '{' });
        let count = self.random.below(4);
        for at in 0..count {
            if at > 0 {
                out.push_str(self.random.text(&[", ", ",", " , "]));
            }
            if !list {
                let key = self.key();
                out.push_str(&key);
                out.push_str(self.random.text(&[": ", ": ", " : "]));
            }
            if depth < 6 && self.random.one_in(4) {
                self.flow(depth + 1, out);
            } else {
                let text = self.flow_scalar();
                out.push_str(&text);
            }
        }
        if count > 0 && self.random.one_in(8) {
            out.push(',');
        }
        out.push(if list { ']' } else { '}' });
    }

    fn flow_scalar(&mut self) -> String {
        let text = self.scalar();
        if text.contains([',', '[', ']', '{', '}', '\n', '#']) { "plain".to_owned() } else { text }
    }

    fn scalar(&mut self) -> String {
        match self.random.below(10) {
            0 => {
                self.constructs.push("single quotes");
                format!("'{}'", self.word().replace('\'', "''"))
            }
            1 => {
                self.constructs.push("double quotes");
                let word = self.word().replace('\\', "\\\\");
                let escape = self.random.text(&[
                    "", "\\n", "\\t", "\\\\", "\\u0041", "\\e", "\\/", "\\_", "\\N", "\\0", " \\x41",
                ]);
                format!("\"{word}{escape}\"")
            }
            2 => "é ü 日本".to_owned(),
            3 => String::new(),
            4 => "some plain words, with: none".replace(": ", " "),
            _ => self.word(),
        }
    }

    fn block_text(&mut self, indent: usize, out: &mut String) {
        self.constructs.push("block text");
        let inner = indent + 1 + self.random.below(3);
        let mark = self.random.text(&["|", ">", "|-", ">-", "|+", ">+"]);
        let explicit = self.random.one_in(6);
        out.push_str(mark);
        if explicit {
            out.push_str(&(inner - indent).to_string());
        }
        out.push('\n');
        let pad = " ".repeat(inner);
        for at in 0..=self.random.below(5) {
            let line = self.random.text(&[
                "text",
                "  more indented",
                "key: value",
                "- dash",
                "# no comment",
                "",
                "trailing ",
                "\tx",
                "{{ x }}",
                "--- x",
            ]);
            // What comes first sets the indent.
            let line = if at == 0 && !explicit { line.trim_start() } else { line };
            if !line.is_empty() {
                out.push_str(&pad);
                out.push_str(line);
            } else if self.random.one_in(3) {
                out.push_str(&" ".repeat(self.random.below(inner + 1)));
            }
            out.push('\n');
        }
    }

    fn end(&mut self, out: &mut String) {
        debug_assert!(!self.crlf);
        if self.random.one_in(10) {
            out.push_str(" # comment");
        }
        out.push('\n');
    }
}
