//! What questions are made of, and how often each of it must come.
//!
//! Owns the one table of constructs. A run in which one comes too rarely has not shown much, and fails.

/// Defines the constructs: a name, what it is called in reports, and its least count in 100,000 cases of both halves.
macro_rules! constructs {
    ($($name:ident: $text:literal, $least:literal;)*) => {
        /// Something that questions are made of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the table has their descriptions")]
        pub enum Construct { $($name,)* }

        /// All constructs, their descriptions, and their least counts in 100,000 cases.
        pub const TABLE: &[(Construct, &str, u64)] = &[$((Construct::$name, $text, $least),)*];
    };
}

constructs! {
    // What patches are made of.
    SetElementOrder: "$setElementOrder", 100;
    RetainKeys: "$retainKeys", 100;
    DeleteFromPrimitiveList: "$deleteFromPrimitiveList", 100;
    DeletedField: "a field that is deleted by null", 100;
    NestedMergeLists: "merged lists inside of merged lists", 100;
    EmptyPatch: "an empty patch", 100;
    // What stands in objects and patches that are given.
    NullInTarget: "an explicit null in the target", 100;
    PatchDelete: "$patch: delete", 100;
    PatchReplace: "$patch: replace", 100;
    PatchMerge: "$patch: merge", 100;
    OddDirective: "another directive where none makes sense", 100;
    DuplicateMergeKey: "two items with one merge key", 100;
    MissingMergeKey: "an item without its merge key", 100;
    OddMergeKey: "a merge key of another type", 100;
    DuplicateItem: "an item twice", 100;
    ListWithoutMergeKey: "a changed list without merge key", 100;
    LongList: "a merged list of more than twelve items", 100;
    Reordered: "a list in another order", 100;
    EmptyCollection: "an empty map or list", 100;
    TypeChange: "a value of another type", 100;
    IntOrFloat: "an integer and a float of one value", 100;
    LargeNumber: "a number beyond 2^53", 100;
    UnknownField: "a field that the type does not know", 100;
    OtherCase: "a field in other letters", 100;
    Misfit: "an object that does not fit its type", 100;
    CustomResource: "a kind that is not built in", 100;
    CrdSchema: "a custom resource definition's schema", 100;
    OldKind: "a kind of a version that is served no more", 100;
    FreeJson: "random JSON", 100;
    // What texts are made of.
    Octal: "octal: 0644", 100;
    OctalO: "octal: 0o644", 100;
    Hex: "hexadecimal: 0x1F", 100;
    Binary: "binary: 0b101", 100;
    Underscore: "a number with underscores", 100;
    Float: "a float", 100;
    Exponent: "an exponent: 1e3", 100;
    LargeInteger: "an integer beyond 2^53", 100;
    BoolWord: "yes, no, on, off, y, n in all spellings", 100;
    NullWord: "null in all spellings", 100;
    Timestamp: "a timestamp", 100;
    Tag: "a tag", 100;
    DuplicateKey: "a key twice", 100;
    KeyOfNoText: "a key that is no text", 100;
    ExplicitKey: "a key behind a question mark", 100;
    Anchor: "an anchor", 100;
    Alias: "an alias", 100;
    MergeOne: "<< with one mapping", 100;
    MergeList: "<< with a list", 100;
    MergeOverride: "<< with entries of the same name around it", 100;
    Literal: "a literal block", 100;
    Folded: "a folded block", 100;
    Clip: "a block that is clipped", 100;
    Strip: "a block that is stripped", 100;
    Keep: "a block that is kept", 100;
    BlockIndent: "a block with its indent said", 100;
    Flow: "a flow collection", 100;
    Sequence: "a sequence by indentation", 100;
    SingleQuotes: "single quotes", 100;
    Escape: "double quotes with an escape", 100;
    ManyLines: "a quoted or plain text over several lines", 100;
    Comment: "a comment", 100;
    CrLf: "CRLF", 100;
    Tab: "a tab", 100;
    Unicode: "characters beyond ASCII", 100;
    UnicodeBreak: "a line end of Unicode", 100;
    LongLine: "a line of more than 1024 characters", 100;
    Directive: "a directive", 100;
    ManyDocuments: "several documents", 100;
    CommentOnly: "a document of comments only", 100;
    ListKind: "a list of objects", 100;
    Json: "a stream of JSON", 100;
    Mutated: "a text with characters changed at random", 100;
    Nonsense: "nonsense", 100;
    Forbidden: "a character that YAML has no place for", 100;
    Deep: "a nesting of hundreds of levels", 100;
    ManyAliases: "aliases of aliases", 100;
    Invalid: "a text that is refused", 100;
}

/// A set of constructs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u128);

impl Marks {
    /// Notes a construct.
    pub fn note(&mut self, construct: Construct) {
        self.0 |= 1 << (construct as u32);
    }

    /// Notes a construct where something holds.
    pub fn note_if(&mut self, holds: bool, construct: Construct) {
        if holds {
            self.note(construct);
        }
    }

    /// Whether a construct is noted.
    pub fn has(self, construct: Construct) -> bool {
        self.0 >> (construct as u32) & 1 == 1
    }

    /// Whether a construct is one of texts.
    pub fn is_of_texts(construct: Construct) -> bool {
        construct as u32 >= Construct::Octal as u32
    }
}
