//! Faults that can be switched on, to see that the tests find them.
//!
//! Owns the tables of faults and the switch: a thread's own, or for a whole process the variable `DECKWATCH_FAULT` with a
//! fault's name. Without the feature `faults` there is no switch, and the places that ask are compiled to nothing. Only the
//! oracle's crate has the feature, and the binary that the comparison with the real Helm must see through.

/// Defines the faults.
macro_rules! faults {
    (merging { $($name:ident: $text:literal;)* } rolling_back { $($other:ident: $what:literal;)* }) => {
        /// A fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $(#[doc = $text] $name,)*
            $(#[doc = $what] $other,)*
        }

        /// The faults in patches and manifests, with what each does: the oracle finds them.
        #[cfg(feature = "faults")]
        pub const ALL: &[(Fault, &str)] = &[$((Fault::$name, $text),)*];

        /// The faults in what a rollback does, with what each does: the comparison with the real Helm finds them.
        #[cfg(feature = "faults")]
        pub const OF_ROLLBACKS: &[(Fault, &str)] = &[$((Fault::$other, $what),)*];
    };
}

faults! {
    merging {
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
    rolling_back {
        Backwards: "the objects are visited from the last to the first";
        LeavingStay: "objects that only the old manifest has stay";
        NoOwnLabels: "objects do not get Helm's own label and annotations";
        StatusLabelStale: "the label `status` of a record stays when its state changes";
        UserLabelsLost: "the user's own labels of the record are lost";
        NotModified: "a record that is written again does not say when";
        OthersStayDeployed: "earlier records stay deployed";
        WeightsIgnored: "hooks run in the order of the record, whatever their weights";
        NothingBeforeCreation: "a hook's object of an earlier run is not deleted";
        SucceededStay: "a hook's object stays when it has succeeded, whatever its policy";
        RunsUntold: "the record does not tell that its hooks ran";
        ManagerIsOurs: "fields are written in another name than Helm's";
    }
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
    static OF_PROCESS: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("DECKWATCH_FAULT").ok());
    ON.get() == Some(fault) || OF_PROCESS.as_ref().is_some_and(|name| *name == format!("{fault:?}"))
}

/// Whether a fault is on; never without the feature.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) const fn on(_: Fault) -> bool {
    false
}
