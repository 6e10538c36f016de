//! Listening: connections within their limits, until it is told to stop (H2, H4).

use crate::{
    Access, Options,
    connections::{Connections, Place, Stopping},
    router::router_with,
};
use axum::{Router, body::Body};
use chatsparks_ports::Store;
use chatsparks_runtime::Runtime;
use hyper::{Request, body::Body as _, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{fmt, io, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::Instant,
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// What is served.
#[non_exhaustive]
pub struct Serve<S: Store> {
    /// Where it listens.
    pub listener: TcpListener,
    /// What runs.
    pub runtime: Runtime<S>,
    /// Who gets in.
    pub access: Access,
    /// What the router is told.
    pub options: Options,
    /// How long what is begun may take to finish.
    pub within: Duration,
}

impl<S: Store> Serve<S> {
    /// Serves this, with what holds by default.
    pub fn new(listener: TcpListener, runtime: Runtime<S>, access: Access) -> Self {
        Self { listener, runtime, access, options: Options::default(), within: Duration::from_secs(10) }
    }
}

impl<S: Store> fmt::Debug for Serve<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// Why metrics cannot be gathered.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be gathered: {0}")]
pub struct ServeError(String);

impl From<BuildError> for ServeError {
    fn from(error: BuildError) -> Self {
        Self(error.to_string())
    }
}

/// Gathers the metrics of this process, for `/metrics`: once in a process.
///
/// # Errors
/// When something else gathers them already.
pub fn prometheus() -> Result<PrometheusHandle, ServeError> {
    let seconds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let recorder = PrometheusBuilder::new().set_buckets(&seconds)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| ServeError("something else gathers them".to_owned()))?;
    Ok(handle)
}

/// Serves until `stop` is done. Then nothing further is accepted, what is begun is finished within its time, and the
/// runtime stops; nothing that was acknowledged is lost in either case.
pub async fn serve<S: Store>(serve: Serve<S>, stop: impl Future<Output = ()>) {
    let Serve { listener, runtime, access, options, within } = serve;
    let (limits, metrics) = (options.limits.clone(), options.metrics.clone());
    let accounts = options.tiktok.clone();
    let owners = accounts.clone();
    let app = router_with(runtime.clone(), access, options);
    let mut workers: JoinSet<()> = JoinSet::new();
    for account in accounts {
        if let Some(objection) = account.objection() {
            tracing::warn!(workspace = %account.workspace(), "{objection}");
        }
        workers.spawn(account.run());
    }
    let (stopping, stopped) = watch::channel(false);
    let places = Connections::default();
    let mut tasks = JoinSet::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(limits.head_bytes.max(8 << 10));
    let accepting = async {
        loop {
            let place = places.take(limits.connections).await;
            let stream = accept(&listener).await;
            metrics::gauge!("chatsparks_connections").set(places.count() as f64);
            tasks.spawn(connection(http.clone(), stream, limits.write, app.clone(), place, stopped.clone()));
            while tasks.try_join_next().is_some() {}
        }
    };
    let upkeep = async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.iter().for_each(PrometheusHandle::run_upkeep);
        }
    };
    tokio::select! {
        () = stop => {}
        () = accepting => {}
        () = upkeep => {}
    }
    drop(listener);
    let deadline = Instant::now() + within;
    stopping.send_replace(true);
    // Half of the time is for requests, so that what they brought can still be decided in the other.
    let drained = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(within / 2, drained).await.is_err() {
        tracing::warn!("connections were closed before their requests were finished");
    }
    tasks.abort_all();
    // What waits there is kept, and goes on at the next start; but a token that is being renewed is written down first: the
    // one before it is dead.
    let at_rest = async {
        let mut at_rest = Vec::with_capacity(owners.len());
        for account in &owners {
            at_rest.push(account.at_rest().await);
        }
        at_rest
    };
    let at_rest = tokio::time::timeout_at(deadline, at_rest).await;
    workers.shutdown().await;
    drop(at_rest);
    runtime.stop(deadline.saturating_duration_since(Instant::now())).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // No descriptors, no memory: there will be again, once others are done.
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection(
    http: http1::Builder,
    stream: TcpStream,
    write: Duration,
    app: Router,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    // An answer goes out as soon as it is there; without, it is only slower.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    let (of_requests, stopping) = (place.connection.clone(), Stopping(stopped.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, connection, stopping) = (app.clone(), of_requests.clone(), stopping.clone());
        connection.begins();
        if request.body().is_end_stream() {
            connection.works();
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(connection.clone());
        request.extensions_mut().insert(stopping);
        async move {
            let answered = app.oneshot(request).await;
            connection.rests();
            answered
        }
    });
    let serving = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    tokio::pin!(serving);
    let stops = async {
        // The sender lives until every connection is closed.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    tokio::pin!(stops);
    let mut told = false;
    loop {
        tokio::select! {
            // What a client does wrong is its own matter, and may be anything.
            _ = &mut serving => return,
            () = place.connection.closed.notified() => return,
            () = &mut stops, if !told => {
                // Half a head is nothing that has begun.
                if !place.connection.has_begun() {
                    return;
                }
                told = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}
