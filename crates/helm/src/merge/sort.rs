//! Sorts whose results for equal items are those of Go's `sort` package.
//!
//! The API machinery sorts with comparisons that call equal items smaller than each other. What comes out then depends on
//! the very steps of the sort, and patches of lists with equal keys (two environment variables of one name) depend on it.
//! So Go's pattern-defeating quicksort is followed step by step. Compared with Go by the oracle.

/// Sorts as `sort.Sort` does.
pub(super) fn unstable<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let len = items.len();
    if len > 1 {
        let limit = usize::BITS - len.leading_zeros();
        Sorter { items, less }.quick(0, len, limit);
    }
}

/// Sorts as `sort.SliceStable` does.
pub(super) fn stable<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let len = items.len();
    let mut sorter = Sorter { items, less };
    let mut size = STABLE_BLOCK;
    for from in (0..len).step_by(size) {
        sorter.insertion(from, (from + size).min(len));
    }
    while size < len {
        for from in (0..len).step_by(2 * size) {
            let middle = from + size;
            if middle < len {
                sorter.merge(from, middle, (from + 2 * size).min(len));
            }
        }
        size *= 2;
    }
}

/// The stable sort sorts ranges of this length by insertion.
const STABLE_BLOCK: usize = 20;
/// Ranges up to this length are sorted by insertion.
const MAX_INSERTION: usize = 12;
/// From this length on, pivots are medians of medians.
const NINTHER: usize = 50;

/// What the choice of a pivot says about the order of a range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, a: usize, b: usize) -> bool {
        match (self.items.get(a), self.items.get(b)) {
            (Some(a), Some(b)) => (self.less)(a, b),
            _ => false,
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a < self.items.len() && b < self.items.len() {
            self.items.swap(a, b);
        }
    }

    fn insertion(&mut self, from: usize, to: usize) {
        for at in from + 1..to {
            let mut at = at;
            while at > from && self.less(at, at - 1) {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    fn quick(&mut self, mut from: usize, mut to: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let len = to - from;
            if len <= MAX_INSERTION {
                return self.insertion(from, to);
            }
            if limit == 0 {
                return self.heap(from, to);
            }
            if !balanced {
                self.break_patterns(from, to);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(from, to);
            if hint == Hint::Decreasing {
                self.reverse(from, to);
                pivot = (to - 1) - (pivot - from);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && hint == Hint::Increasing && self.partial_insertion(from, to) {
                return;
            }
            if from > 0 && !self.less(from - 1, pivot) {
                from = self.partition_equal(from, to, pivot);
                continue;
            }
            let (middle, already) = self.partition(from, to, pivot);
            partitioned = already;
            let (left, right) = (middle - from, to - middle);
            balanced = left.min(right) >= len / 8;
            if left < right {
                self.quick(from, middle, limit);
                from = middle + 1;
            } else {
                self.quick(middle + 1, to, limit);
                to = middle;
            }
        }
    }

    /// Moves `low` up and `high` down past what is on the right side of the item at `pivot` already.
    fn narrow(&self, low: &mut usize, high: &mut usize, pivot: usize) {
        while *low <= *high && self.less(*low, pivot) {
            *low += 1;
        }
        while *low <= *high && !self.less(*high, pivot) {
            *high -= 1;
        }
    }

    fn partition(&mut self, from: usize, to: usize, pivot: usize) -> (usize, bool) {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        self.narrow(&mut low, &mut high, from);
        if low > high {
            self.swap(high, from);
            return (high, true);
        }
        loop {
            self.swap(low, high);
            low += 1;
            high -= 1;
            self.narrow(&mut low, &mut high, from);
            if low > high {
                break;
            }
        }
        self.swap(high, from);
        (high, false)
    }

    fn partition_equal(&mut self, from: usize, to: usize, pivot: usize) -> usize {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        loop {
            while low <= high && !self.less(from, low) {
                low += 1;
            }
            while low <= high && self.less(from, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    /// Sorts a range that is nearly sorted; returns false when it gives up.
    fn partial_insertion(&mut self, from: usize, to: usize) -> bool {
        let mut at = from + 1;
        for _ in 0..5 {
            while at < to && !self.less(at, at - 1) {
                at += 1;
            }
            if at == to {
                return true;
            }
            if to - from < NINTHER {
                return false;
            }
            self.swap(at, at - 1);
            if at - from >= 2 {
                let mut down = at - 1;
                while down >= 1 && self.less(down, down - 1) {
                    self.swap(down, down - 1);
                    down -= 1;
                }
            }
            if to - at >= 2 {
                let mut up = at + 1;
                while up < to && self.less(up, up - 1) {
                    self.swap(up, up - 1);
                    up += 1;
                }
            }
        }
        false
    }

    fn break_patterns(&mut self, from: usize, to: usize) {
        let len = to - from;
        if len < 8 {
            return;
        }
        let mut random = len as u64;
        let mask = (1u64 << (u64::BITS - random.leading_zeros())) - 1;
        let middle = from + (len / 4) * 2;
        for at in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = (random & mask) as usize;
            if other >= len {
                other -= len;
            }
            self.swap(at, from + other);
        }
    }

    fn choose_pivot(&self, from: usize, to: usize) -> (usize, Hint) {
        let quarter = (to - from) / 4;
        let mut swaps = 0;
        let mut at = [from + quarter, from + quarter * 2, from + quarter * 3];
        if to - from >= NINTHER {
            at = at.map(|middle| self.median(middle - 1, middle, middle + 1, &mut swaps));
        }
        let [a, b, c] = at;
        let pivot = self.median(a, b, c, &mut swaps);
        let hint = match swaps {
            0 => Hint::Increasing,
            12 => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (pivot, hint)
    }

    fn median(&self, a: usize, b: usize, c: usize, swaps: &mut u32) -> usize {
        let mut ordered = |a: usize, b: usize| {
            if self.less(b, a) {
                *swaps += 1;
                (b, a)
            } else {
                (a, b)
            }
        };
        let (a, b) = ordered(a, b);
        let (b, _) = ordered(b, c);
        ordered(a, b).1
    }

    fn reverse(&mut self, from: usize, to: usize) {
        if let Some(range) = self.items.get_mut(from..to) {
            range.reverse();
        }
    }

    /// Merges two sorted ranges that stand side by side, neither of them empty, by the SymMerge of Kim and Kutzner.
    fn merge(&mut self, from: usize, middle: usize, to: usize) {
        if middle - from == 1 {
            let place = self.first_not(middle, to, |sorter, at| sorter.less(at, from));
            self.rotate(from, middle, place);
            return;
        }
        if to - middle == 1 {
            let place = self.first_not(from, middle, |sorter, at| !sorter.less(middle, at));
            self.rotate(place, middle, to);
            return;
        }
        let half = usize::midpoint(from, to);
        let sum = half + middle;
        let (low, high) = if middle > half { (sum - to, half) } else { (from, middle) };
        let start = self.first_not(low, high, |sorter, at| !sorter.less(sum - 1 - at, at));
        let end = sum - start;
        if start < middle && middle < end {
            self.rotate(start, middle, end);
        }
        if from < start && start < half {
            self.merge(from, start, half);
        }
        if half < end && end < to {
            self.merge(half, end, to);
        }
    }

    /// Finds the first place in a range for which something does not hold that holds at its beginning.
    fn first_not(&self, mut low: usize, mut high: usize, holds: impl Fn(&Self, usize) -> bool) -> usize {
        while low < high {
            let middle = usize::midpoint(low, high);
            if holds(self, middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn rotate(&mut self, from: usize, middle: usize, to: usize) {
        if let Some(range) = self.items.get_mut(from..to) {
            range.rotate_left(middle - from);
        }
    }

    fn heap(&mut self, from: usize, to: usize) {
        let len = to - from;
        for root in (0..=(len - 1) / 2).rev() {
            self.sift_down(root, len, from);
        }
        for last in (0..len).rev() {
            self.swap(from, from + last);
            self.sift_down(0, last, from);
        }
    }

    fn sift_down(&mut self, mut root: usize, len: usize, first: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= len {
                return;
            }
            if child + 1 < len && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_without_a_place_end_where_gos_stable_sort_leaves_them() {
        let order: Vec<usize> = (0..30).map(|at| at * 7 % 45).collect();
        let place = |item: usize| order.iter().position(|other| *other == item);
        let mut items: Vec<usize> = (0..45).map(|at| at * 11 % 45).collect();
        stable(&mut items, |a, b| match (place(*a), place(*b)) {
            (Some(a), Some(b)) => a < b,
            _ => true,
        });
        // Printed by a Go program with the same comparison.
        let expected = [
            34, 35, 24, 13, 14, 3, 37, 38, 27, 28, 4, 41, 30, 31, 20, 10, 44, 0, 7, 21, 42, 11, 18, 25, 32,
            39, 1, 8, 15, 22, 29, 36, 43, 5, 12, 26, 17, 6, 19, 33, 40, 2, 9, 16, 23,
        ];
        assert_eq!(items, expected);
    }
}
