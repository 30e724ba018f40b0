//! What a piece of work costs: time, processor and memory. Memory is only honest in a process that does nothing
//! else, so tables are made of processes that are started for one row.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs per row of a table; the one with the median wall time is printed.
const RUNS: usize = 3;
/// The first argument of a process that does one piece of work and prints what it cost.
const ONCE: &str = "--once";
/// How often the memory of a running program is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What one piece of work cost.
#[derive(Debug, Clone)]
pub struct Cost {
    /// From the start of the work to its end.
    pub wall: Duration,
    /// Processor time of the whole process, all threads.
    pub cpu: Duration,
    /// The most memory the process ever held, in KiB.
    pub peak_kib: u64,
    /// Something to print besides: a size, a count.
    pub note: String,
}

/// The arguments after `--once`, in a process that was started by [`this_program`].
pub fn once() -> Option<Vec<String>> {
    let mut args = std::env::args().skip(1);
    (args.next()? == ONCE).then(|| args.collect())
}

/// Times `work` and prints what the process has cost so far. `work` returns the note.
pub fn print(work: impl FnOnce() -> String) {
    let started = Instant::now();
    let note = work();
    let wall = started.elapsed();
    let [own, _] = cpu();
    println!("{} {} {} {note}", wall.as_micros(), own.as_micros(), peak_kib("self"));
}

/// Starts this program again to do one piece of work.
pub fn this_program(args: &[&str]) -> Cost {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).arg(ONCE).args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} failed: {errors}");
    let mut parts = text.trim().splitn(4, ' ');
    let mut number = || -> u64 { parts.next().and_then(|p| p.parse().ok()).expect("a number") };
    Cost {
        wall: Duration::from_micros(number()),
        cpu: Duration::from_micros(number()),
        peak_kib: number(),
        note: parts.next().unwrap_or_default().to_owned(),
    }
}

/// Runs another program to its end.
pub fn program(mut command: Command) -> Cost {
    let [_, before] = cpu();
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let peak_kib = watch(&mut child);
    let wall = started.elapsed();
    let [_, after] = cpu();
    Cost {
        wall,
        cpu: after.saturating_sub(before),
        peak_kib,
        note: String::new(),
    }
}

/// Waits for the end; what is gone cannot be asked, so the peak is the last one seen.
fn watch(child: &mut Child) -> u64 {
    let pid = child.id().to_string();
    let mut peak = 0;
    loop {
        peak = peak_kib(&pid).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return peak;
        }
        std::thread::sleep(LOOK);
    }
}

/// The run with the median wall time.
pub fn median(run: impl FnMut() -> Cost) -> Cost {
    let mut costs: Vec<Cost> = std::iter::repeat_with(run).take(RUNS).collect();
    costs.sort_by_key(|cost| cost.wall);
    costs.swap_remove(RUNS / 2)
}

/// The head of a Markdown table.
pub fn head() {
    println!("\n| | wall | processor | peak memory | |\n| --- | --- | --- | --- | --- |");
}

/// One row of a Markdown table.
pub fn row(name: &str, cost: &Cost) {
    println!(
        "| {name} | {:.2} s | {:.2} s | {} MiB | {} |",
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        cost.peak_kib / 1024,
        cost.note
    );
}

/// Processor time of this process, and of its children that have ended.
fn cpu() -> [Duration; 2] {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold spaces. The 12th to 15th field after it are the times of the process and of
    // its children, each in user and system mode, in ticks: a hundredth of a second on every Linux.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = after_name
        .split_whitespace()
        .skip(11)
        .map_while(|field| field.parse().ok())
        .take(4)
        .collect();
    let sum = |ticks: &[u64]| Duration::from_millis(ticks.iter().sum::<u64>() * 10);
    let (own, children) = ticks.split_at(ticks.len() / 2);
    [sum(own), sum(children)]
}

fn peak_kib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|n| n.parse().ok()).unwrap_or_default()
}
