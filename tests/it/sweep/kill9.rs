//! SIGKILL of the program at random moments, sealing included.

use std::time::{Duration, Instant};

use baton_workato::simulator::Behavior;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{Scene, WORKERS, asked_for, finished, repeated};

/// Kills in `cargo test`.
const KILLS: usize = 5;

/// The figures of a run, printed by the long form.
#[derive(Debug, Default)]
struct Figures {
    kills: usize,
    before_the_first_request: usize,
    while_reading: usize,
    while_sealing: usize,
    sealed_already: usize,
    ended_before: usize,
    most_repeats: usize,
    repeats: usize,
}

#[tokio::test]
async fn at_any_moment() {
    let kills = asked_for("kill9").map_or(KILLS, |number| number.parse().unwrap());
    let scene = Scene::new().await;
    // Answers take their time, so that most moments are between two of them.
    scene.simulator.behave(Behavior {
        latency: Duration::from_millis(3),
        ..Behavior::default()
    });
    let mut usual = Duration::ZERO;
    for _ in 0..2 {
        let place = scene.place();
        let begun = Instant::now();
        place.run(&scene.simulator, "undisturbed").await;
        usual = begun.elapsed();
        scene.assert_complete(place.path(), "undisturbed");
    }
    let seed = 0x6b69_6c6c_2d39;
    let mut random = StdRng::seed_from_u64(seed);
    let mut figures = Figures::default();
    while figures.kills < kills {
        assert!(
            figures.ended_before <= 2 * kills + 20,
            "it ends before it is killed: {figures:?}"
        );
        let moment = usual.mul_f64(random.random_range(0.0..1.0));
        let case = format!("kill {} of {kills} after {moment:?} (seed {seed})", figures.kills + 1);
        let place = scene.place();
        let mut child = place.program(&scene.simulator).spawn().unwrap();
        tokio::time::sleep(moment).await;
        if child.try_wait().unwrap().is_some() {
            figures.ended_before += 1;
            usual = usual.mul_f64(0.95);
            continue;
        }
        child.kill().unwrap();
        finished(child).await;
        figures.kills += 1;
        // The machine has other things to do, now more, now less.
        usual = usual.mul_f64(1.01);
        let asked = scene.simulator.requests().len();
        if std::fs::read(place.file()).unwrap() == scene.before {
            scene.assert_untouched(place.path(), &case);
            match asked {
                0 => figures.before_the_first_request += 1,
                n if n < scene.requests.len() => figures.while_reading += 1,
                _ => figures.while_sealing += 1,
            }
            place.run(&scene.simulator, &case).await;
            let log = scene.simulator.requests();
            let again = repeated(log.iter());
            let before: Vec<&str> = log.iter().take(asked).map(|r| r.path.as_str()).collect();
            assert!(again.len() <= WORKERS, "{case}: repeated {again:#?} of {before:#?}");
            figures.most_repeats = figures.most_repeats.max(again.len());
            figures.repeats += again.len();
        } else {
            // It was in its place already; the next run is another sync.
            figures.sealed_already += 1;
            scene.assert_sealed(place.path(), &case);
            place.run(&scene.simulator, &case).await;
        }
        scene.assert_complete(place.path(), &case);
    }
    if asked_for("kill9").is_some() {
        eprintln!("usually {usual:?}; {figures:?}");
    }
}
