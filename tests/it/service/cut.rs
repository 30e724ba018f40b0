//! Connections that break off in the middle of a message, on a real network: in either direction, with and without a
//! word, while the client says hello, asks for tasks, beats and uploads.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_workato::baton::c1z::Reader;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use baton_workato::simulator::{Behavior, Shape, Simulator, Workspace};
use tokio::io::AsyncReadExt as _;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

use super::kill::{program_to, terminate};
use super::secure::Secure;
use super::stand_in::TenantBehavior;

/// Where the connection that is used then breaks: after so many more bytes of one direction.
#[derive(Debug, Clone, Copy)]
struct Cut {
    upwards: bool,
    after: usize,
    /// Whether the client is told that the connection was reset, or that the stream ended.
    reset: bool,
}

/// Stands between the program and the stand-in.
struct Cutter {
    address: SocketAddr,
    plan: Plan,
}

/// Cuts that are still to be made, one after another.
type Plan = Arc<Mutex<VecDeque<Cut>>>;

impl Cutter {
    async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Plan::default();
        let planned = Arc::clone(&plan);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let plan = Arc::clone(&planned);
                tokio::spawn(async move {
                    let server = TcpStream::connect(to).await.unwrap();
                    pass(client, server, &plan).await;
                });
            }
        });
        Cutter { address, plan }
    }

    fn plan(&self, cuts: &[Cut]) {
        self.plan.lock().unwrap().extend(cuts);
    }

    fn left(&self) -> usize {
        self.plan.lock().unwrap().len()
    }
}

/// Passes bytes on in both directions until a cut, or until one side has enough.
async fn pass(client: TcpStream, server: TcpStream, plan: &Plan) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whoever ends first ends both.
    let cut = tokio::select! {
        cut = one_way(from_client, to_server, true, plan) => cut,
        cut = one_way(from_server, &to_client, false, plan) => cut,
    };
    if cut.is_some_and(|cut| cut.reset) {
        // Closing then throws away what is on its way, and says so.
        to_client.as_ref().set_zero_linger().unwrap();
    }
}

async fn one_way(mut from: OwnedReadHalf, to: impl AsRef<TcpStream>, upwards: bool, plan: &Plan) -> Option<Cut> {
    let mut chunk = vec![0; 4096];
    loop {
        let count = from.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        let (passed, cut) = meet(plan, upwards, count);
        write_all(to.as_ref(), &chunk[..passed]).await.ok()?;
        if cut.is_some() {
            return cut;
        }
    }
}

/// How many of so many bytes go through, and the cut behind them.
fn meet(plan: &Plan, upwards: bool, count: usize) -> (usize, Option<Cut>) {
    let mut plan = plan.lock().unwrap();
    match plan.front_mut().filter(|cut| cut.upwards == upwards) {
        Some(cut) if cut.after <= count => (cut.after, plan.pop_front()),
        Some(cut) => {
            cut.after -= count;
            (count, None)
        }
        None => (count, None),
    }
}

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_in_the_middle_of_a_message_are_made_good() {
    let folder = tempfile::tempdir().unwrap();
    let secure = Secure::start(TenantBehavior::default()).await;
    let cutter = Cutter::start(secure.address).await;
    let shape = Shape {
        people: 200,
        projects: 20,
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let cut = |upwards, after, reset| Cut { upwards, after, reset };
    // While the connection is made, when the token is asked for, in hello and in the answer to it.
    cutter.plan(&[
        cut(false, 1, false),
        cut(true, 300, true),
        cut(false, 1_500, true),
        cut(true, 1_500, false),
    ]);
    let host = format!("localhost:{}", cutter.address.port());
    let child = program_to(folder.path(), &host, &secure, &simulator);
    secure
        .stand_in
        .until("hello is heard", |seen| !seen.hellos.is_empty())
        .await;
    // The rest of these come with the polls. Those that follow come in the middle of an upload of some 50 KB, or of an
    // answer.
    let mut ids = Vec::new();
    for cut in [cut(true, 9_000, true), cut(true, 20_000, false), cut(false, 600, true)] {
        cutter.plan(&[cut]);
        ids.push(secure.stand_in.task(TaskType::SyncFull(Default::default())));
        let id = ids.last().unwrap().clone();
        secure
            .stand_in
            .until("the task is told of", |seen| seen.ended.contains_key(&id))
            .await;
    }
    // The last one may come with the polls after its task; the task after it is done all the same.
    for _ in 0..3_000 {
        if cutter.left() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(cutter.left(), 0, "every cut was met");
    ids.push(secure.stand_in.task(TaskType::SyncFull(Default::default())));
    let id = ids.last().unwrap().clone();
    secure
        .stand_in
        .until("the last task is told of", |seen| seen.ended.contains_key(&id))
        .await;
    assert_eq!(terminate(child).await, Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let seen = secure.stand_in.seen();
    assert_eq!(seen.breaches, Vec::<String>::new(), "{log}");
    for (number, id) in ids.iter().enumerate() {
        // A change of connection may cost a task its uploads, which it says; never half a file.
        assert!(seen.ended[id][0].succeeded(), "{number}: {:?} {log}", seen.ended[id]);
        let file = folder.path().join(format!("{number}.c1z"));
        std::fs::write(&file, &seen.uploads[id]).unwrap();
        let reader = Reader::open(&file, None).unwrap();
        let run = reader.latest_full().unwrap().unwrap();
        assert_eq!(reader.verify(&run.sync_id).unwrap(), Vec::new());
    }
}
