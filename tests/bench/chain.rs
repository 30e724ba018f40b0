//! Which requests kept a sync from ending sooner, read from its debug log.

use serde_json::Value;

/// Milliseconds within which one thing follows another at once.
const AT_ONCE: f64 = 3.0;

/// One request: when it left and was answered, in milliseconds.
struct Request {
    left: f64,
    answered: f64,
    path: String,
    family: String,
}

/// Prints the chain that ends with the last answer: of each request, the one before is that whose answer came last before it
/// left.
pub fn print(log: &str) {
    let events: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let at = |event: &Value| event["ts"].as_f64().map(|seconds| seconds * 1e3);
    let steps: Vec<(f64, String)> = events
        .iter()
        .filter_map(|event| Some((at(event)?, event["step"].as_str()?.to_owned())))
        .collect();
    let requests: Vec<Request> = events.iter().filter_map(request).collect();
    let Some(began) = events.iter().find_map(at) else {
        return;
    };
    let mut chain = Vec::new();
    let mut last = requests.iter().max_by(|a, b| a.answered.total_cmp(&b.answered));
    while let Some(request) = last {
        let before = requests
            .iter()
            .filter(|other| other.answered <= request.left)
            .max_by(|a, b| a.answered.total_cmp(&b.answered));
        chain.push((request, before));
        last = before;
    }
    println!("\n| left at | idle before | took | request | waited for |\n| --- | --- | --- | --- | --- |");
    for (request, before) in chain.into_iter().rev() {
        let since = before.map_or(began, |before| before.answered);
        let why = match before {
            None => "the start of the program".to_owned(),
            Some(before) => why(request, before, &requests, &steps),
        };
        println!(
            "| {:.0} ms | {:.0} ms | {:.0} ms | {} | {why} |",
            request.left - began,
            request.left - since,
            request.answered - request.left,
            request.path
        );
    }
}

fn request(event: &Value) -> Option<Request> {
    let answered = event["ts"].as_f64()? * 1e3;
    (event["msg"] == "Answered.").then_some(())?;
    Some(Request {
        left: answered - event["ms"].as_f64()?,
        answered,
        path: event["path"].as_str()?.to_owned(),
        family: event["family"].as_str().unwrap_or_default().to_owned(),
    })
}

fn why(request: &Request, before: &Request, all: &[Request], steps: &[(f64, String)]) -> String {
    let step = steps
        .iter()
        .find(|(at, _)| *at >= before.answered - AT_ONCE && *at <= request.left + AT_ONCE);
    if let Some((_, step)) = step {
        return format!("order of steps: {step} began");
    }
    // Others of its family were under way until then.
    let under_way = all
        .iter()
        .filter(|other| {
            other.family == request.family && other.left < request.left && other.answered >= before.answered
        })
        .count();
    if request.family == before.family && under_way > 0 {
        return format!("concurrency of its family, {}", request.family);
    }
    format!("the answer of {}", before.path)
}
