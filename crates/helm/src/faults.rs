//! Faults that can be switched on, to see that the tests find them.
//!
//! Owns the table of faults and the switch, which is a thread's own. Without the feature `faults` there is no switch, and the
//! places that ask are compiled to nothing. Only the oracle's crate has the feature.

/// Defines the faults.
macro_rules! faults {
    ($($name:ident: $text:literal;)*) => {
        /// A fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $text] $name,)*
        }

        /// All faults, with what each does.
        #[cfg(feature = "faults")]
        pub const ALL: &[(Fault, &str)] = &[$((Fault::$name, $text),)*];
    };
}

faults! {
    NoElementOrder: "`$setElementOrder` is left out of patches";
    PortsByProtocol: "the ports of containers are merged by port and protocol, as server-side apply does";
    NoRetainKeys: "`$retainKeys` is left out of patches";
    DeletionsLost: "scalars that left a merged list are not deleted";
    NullIsAbsent: "an explicit null counts as a field that is not there";
    StableSort: "items with one merge key keep their order, which Go's sort does not";
    DriftStays: "what others changed on the live object stays";
    RetainKeysIgnored: "`$retainKeys` is not carried out";
    ScalarsStay: "`$deleteFromPrimitiveList` is not carried out";
    FieldsStay: "fields that left a custom resource are not deleted";
    NullsKept: "nulls in what a patch adds are kept";
    OrderIgnored: "`$setElementOrder` is not carried out";
    FloatsAreIntegers: "a float without a fraction is an integer of the same value";
    MisfitIgnored: "an object that does not fit its type gets a strategic patch";
    DecimalOctal: "`0644` is read as a decimal number";
    WordOn: "`on` is read as a text";
    FirstKeyWins: "of two equal keys the first wins";
    MergeKeyLast: "entries around a merge key win over those of the merge key";
    ClipKeeps: "a block of text that is clipped keeps all of its line ends";
    NotFolded: "the lines of a folded block stay lines";
    WindowsLineEnds: "the CR of a CRLF stays";
    AliasesWithoutEnd: "aliases of aliases are expanded without end";
    ListsStay: "lists of objects are taken for objects";
}

#[cfg(feature = "faults")]
thread_local! {
    static ON: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Runs something with a fault on this thread.
#[cfg(feature = "faults")]
pub fn with<T>(fault: Fault, run: impl FnOnce() -> T) -> T {
    let before = ON.replace(Some(fault));
    let result = run();
    ON.set(before);
    result
}

/// Whether a fault is on; never without the feature.
#[cfg(feature = "faults")]
pub(crate) fn on(fault: Fault) -> bool {
    ON.get() == Some(fault)
}

/// Whether a fault is on; never without the feature.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) const fn on(_: Fault) -> bool {
    false
}
