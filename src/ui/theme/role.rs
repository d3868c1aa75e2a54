//! The roles that a view may give to what it draws; it never names a colour.

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $name:literal,)*) => {
        /// What something on the screen means; the theme says how it looks.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $($(#[$doc])* $role,)* }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// Returns its name in theme files; a missing one falls back to the part before its last dot.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)* }
            }
        }
    };
}

roles! {
    /// Plain text: the terminal's own foreground.
    #[default]
    Text = "text",
    /// Text that matters less.
    Dim = "dim",
    /// Text that matters more.
    Strong = "strong",
    /// The title of a pane or of a column.
    Heading = "heading",
    /// The rule above a pane.
    Rule = "rule",
    /// The row under the cursor.
    Selected = "selected",
    /// A marked row.
    Marked = "marked",
    /// It fails.
    Failing = "status.failing",
    /// It may fail.
    Warning = "status.warning",
    /// It is as it should be.
    Ok = "status.ok",
    /// It is not there yet.
    Pending = "status.pending",
    /// It has ended as it should.
    Done = "status.done",
    /// It is gone; shown for a while.
    Gone = "status.gone",
    /// What the person can do, and what deckwatch is doing.
    Action = "action",
    /// A key in the keys' line.
    Key = "action.key",
    /// What the search found.
    Search = "search",
    /// What the search stands on.
    SearchCurrent = "search.current",
    /// Data that is older than it should be.
    Stale = "state.stale",
    /// The moment is pinned.
    Pinned = "state.pinned",
    /// The context is protected.
    Protected = "state.protected",
    /// Writing is allowed.
    Armed = "state.armed",
    /// An added line.
    DiffAdd = "diff.add",
    /// A removed line.
    DiffRemove = "diff.remove",
    /// Where in the file a change is.
    DiffMeta = "diff.meta",
    /// The axes and ticks of a chart.
    Axis = "chart.axis",
    /// The threshold of an alert.
    Threshold = "chart.threshold",
    /// A change on the time axis.
    Marker = "chart.marker",
    /// The moment on the time axis.
    Moment = "chart.moment",
    /// The crosshair.
    Crosshair = "chart.crosshair",
    /// The first series' colour.
    Series0 = "series.0",
    /// The second series' colour.
    Series1 = "series.1",
    /// The third series' colour.
    Series2 = "series.2",
    /// The fourth series' colour.
    Series3 = "series.3",
    /// The fifth series' colour.
    Series4 = "series.4",
    /// The sixth series' colour.
    Series5 = "series.5",
    /// The seventh series' colour.
    Series6 = "series.6",
    /// The eighth series' colour.
    Series7 = "series.7",
}

impl Role {
    /// The roles of series.
    pub const SERIES: [Self; 8] = [
        Self::Series0,
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Series4,
        Self::Series5,
        Self::Series6,
        Self::Series7,
    ];

    /// Returns the colour of the series with this number, counted round.
    pub fn series(n: usize) -> Self {
        Self::SERIES.get(n % Self::SERIES.len()).copied().unwrap_or(Self::Series0)
    }

    /// Returns the role of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.name() == name)
    }
}
