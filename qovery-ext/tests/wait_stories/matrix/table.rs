//! Counts the outcomes of waits by class and family.

use std::{collections::BTreeMap, fmt};

use super::{
    oracle::{Excuse, Judgement, Miss},
    play::Waiter,
    story::{Class, Family, Story},
};

/// Whether the plain client plays a family: it knows no clusters and cancels nothing.
pub(crate) fn compares(family: Family) -> bool {
    !matches!(family, Family::Cluster | Family::OwnCancel)
}

#[derive(Debug, Default)]
struct Row {
    right: u32,
    tolerated: BTreeMap<Excuse, u32>,
    missed: BTreeMap<Miss, u32>,
}

impl Row {
    fn all(&self) -> u32 {
        self.right + self.tolerated.values().sum::<u32>() + self.missed.values().sum::<u32>()
    }

    fn add(&mut self, other: &Row) {
        self.right += other.right;
        for (excuse, count) in &other.tolerated {
            *self.tolerated.entry(*excuse).or_default() += count;
        }
        for (miss, count) in &other.missed {
            *self.missed.entry(*miss).or_default() += count;
        }
    }
}

/// The rows by waiter, class and family, and examples of misses.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<(Waiter, Class, Family), Row>,
    examples: BTreeMap<(Miss, Class), Vec<String>>,
    /// The correct outcomes of the plain client alone.
    worse: BTreeMap<(Class, Family), Vec<String>>,
}

fn examples_wanted() -> usize {
    let wanted = std::env::var("QOVERY_MATRIX_MISSES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(3)
}

impl Table {
    pub(crate) fn add(
        &mut self,
        story: &Story,
        waiter: Waiter,
        judgement: Judgement,
        describe: impl Fn() -> String,
    ) {
        let row = self
            .rows
            .entry((waiter, story.class, story.family))
            .or_default();
        match judgement {
            Judgement::Right => row.right += 1,
            Judgement::Tolerated(excuse) => *row.tolerated.entry(excuse).or_default() += 1,
            Judgement::Missed(miss) => {
                *row.missed.entry(miss).or_default() += 1;
                let examples = self.examples.entry((miss, story.class)).or_default();
                if waiter == Waiter::Library && examples.len() < examples_wanted() {
                    examples.push(describe());
                }
            }
        }
    }

    pub(crate) fn add_worse(&mut self, story: &Story, description: String) {
        let worse = self.worse.entry((story.class, story.family)).or_default();
        worse.push(description);
    }

    pub(crate) fn merge(&mut self, other: Table) {
        for (key, worse) in other.worse {
            self.worse.entry(key).or_default().extend(worse);
        }
        for (key, row) in other.rows {
            self.rows.entry(key).or_default().add(&row);
        }
        for (key, examples) in other.examples {
            self.examples.entry(key).or_default().extend(examples);
        }
    }

    fn sum(&self, waiter: Waiter, fits: impl Fn(Class, Family) -> bool) -> Row {
        let mut sum = Row::default();
        for ((who, class, family), row) in &self.rows {
            if *who == waiter && fits(*class, *family) {
                sum.add(row);
            }
        }
        sum
    }

    pub(crate) fn count(&self, waiter: Waiter, class: Class, judgement: Judgement) -> u32 {
        let row = self.sum(waiter, |c, _| c == class);
        let count = match judgement {
            Judgement::Right => return row.right,
            Judgement::Tolerated(excuse) => row.tolerated.get(&excuse),
            Judgement::Missed(miss) => row.missed.get(&miss),
        };
        count.copied().unwrap_or_default()
    }

    /// The share of correct outcomes among the waits that no trait excuses.
    pub(crate) fn share_of_right(&self, waiter: Waiter, class: Class) -> f64 {
        let row = self.sum(waiter, |c, _| c == class);
        let excused: u32 = row.tolerated.values().sum();
        f64::from(row.right) / f64::from((row.all() - excused).max(1))
    }
}

const ABBREVIATIONS: &str = "falseS: false success, premS: premature success, falseF: false failure, \
kind: wrong kind, careful: too careful, never: never ended, gaveUp: gave up, late, hit: canceled another \
request, twice: acted twice, toler.: tolerated because a trait explains it";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{ABBREVIATIONS}\n")?;
        for waiter in [Waiter::Library, Waiter::Plain] {
            if self.sum(waiter, |_, _| true).all() == 0 {
                continue;
            }
            writeln!(
                f,
                "{:28} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6} {:>6} {:>5} {:>5} {:>5}",
                format!("{waiter:?}"),
                "waits",
                "right",
                "toler.",
                "falseS",
                "premS",
                "falseF",
                "kind",
                "careful",
                "never",
                "gaveUp",
                "late",
                "hit",
                "twice"
            )?;
            for (number, class) in Class::ALL.into_iter().enumerate() {
                let row = self.sum(waiter, |c, _| c == class);
                line(f, &format!("class {} {class:?}", number + 1), &row)?;
            }
            for family in Family::ALL {
                line(
                    f,
                    &format!("{family:?}"),
                    &self.sum(waiter, |_, g| g == family),
                )?;
            }
            let all = self.sum(waiter, |_, _| true);
            line(f, "all", &all)?;
            for excuse in Excuse::ALL {
                let count = all.tolerated.get(&excuse).copied().unwrap_or_default();
                if count > 0 {
                    writeln!(f, "  tolerated {count:>6} {excuse:?}")?;
                }
            }
            writeln!(f)?;
        }
        for ((class, family), worse) in &self.worse {
            let count = worse.len();
            writeln!(
                f,
                "-- right by the plain client alone in {class:?} {family:?}: {count}"
            )?;
            for example in worse.iter().take(examples_wanted()) {
                writeln!(f, "{example}")?;
            }
        }
        for ((miss, class), examples) in &self.examples {
            if examples.is_empty() {
                continue;
            }
            writeln!(f, "-- {miss:?} in {class:?}")?;
            for example in examples.iter().take(examples_wanted()) {
                writeln!(f, "{example}")?;
            }
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, row: &Row) -> fmt::Result {
    let all = row.all();
    if all == 0 {
        return Ok(());
    }
    let right = 100.0 * f64::from(row.right) / f64::from(all);
    let tolerated: u32 = row.tolerated.values().sum();
    write!(f, "{name:28} {all:>7} {right:>6.2}% {tolerated:>6}")?;
    for (miss, width) in Miss::ALL.into_iter().zip([6, 6, 6, 6, 7, 6, 6, 5, 5, 5]) {
        let count = row.missed.get(&miss).copied().unwrap_or_default();
        write!(f, " {count:>width$}")?;
    }
    writeln!(f)
}
