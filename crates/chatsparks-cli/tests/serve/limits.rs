//! Requests that are slow, huge, malformed or many hold up nobody else (H4).

use crate::{
    http::{connect, read_answer},
    service::{GLOW, Service, TOKEN, comment},
};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

fn with(limits: &str) -> Service {
    Service::with("", &format!("[limits]\n{limits}\n{GLOW}"))
}

/// Whether the other side has closed: it says nothing further, and no answer.
fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

fn head(service: &Service, length: usize) -> String {
    format!(
        "POST /v1/workspaces/glow/events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\r\n",
        service.address
    )
}

#[test]
fn h4_a_body_over_its_limit_is_cut_off() {
    let service = with("body_bytes = 1000\ndocument_bytes = 5000");
    service.post("x".repeat(1_001)).problem(413, "too-large");
    service.post("x".repeat(1_000)).problem(400, "unreadable-line");
    service.call("PUT", "/v1/workspaces/glow/document", "x".repeat(5_001)).problem(413, "too-large");
    service.call("POST", "/v1/workspaces/glow/queue/drop", "x".repeat(20_000)).problem(413, "too-large");
    // A length that was not told, and 100 MB.
    let mut stream = connect(service.address);
    let chunked = head(&service, 0).replace("content-length: 0", "transfer-encoding: chunked");
    stream.write_all(chunked.as_bytes()).unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    stream.write_all(chunk.repeat(3).as_bytes()).unwrap();
    stream.write_all(b"0\r\n\r\n").unwrap();
    read_answer(&mut stream).unwrap().problem(413, "too-large");
    service.post(vec![b'x'; 100 << 20]).problem(413, "too-large");
    // What is told to be too large, and does not come; and what waits to be asked for.
    for expects in ["", "expect: 100-continue\r\n"] {
        let mut stream = connect(service.address);
        let told = head(&service, 2_000).replace("\r\n\r\n", &format!("\r\n{expects}\r\n"));
        stream.write_all(told.as_bytes()).unwrap();
        read_answer(&mut stream).unwrap().problem(413, "too-large");
    }
    // One that is told to be larger than anybody would wait for.
    let mut stream = connect(service.address);
    stream.write_all(head(&service, 1 << 40).as_bytes()).unwrap();
    read_answer(&mut stream).unwrap().problem(413, "too-large");
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
}

#[test]
fn h4_a_slow_head_is_not_waited_for() {
    let service = with("head_seconds = 1");
    let mut half = connect(service.address);
    half.write_all(b"GET /healthz HTT").unwrap();
    let silent = connect(service.address);
    // Meanwhile others are answered.
    assert_eq!(service.get("/healthz").status, 200);
    assert!(is_closed(half));
    assert!(is_closed(silent));
}

#[test]
fn h4_a_connection_is_not_kept_idle_for_ever() {
    let service = with("head_seconds = 1");
    let mut stream = connect(service.address);
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", service.address);
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    assert!(is_closed(stream));
}

#[test]
fn h4_a_slow_body_is_not_waited_for() {
    let service = with("body_seconds = 1");
    let mut stream = connect(service.address);
    stream.write_all(head(&service, 100).as_bytes()).unwrap();
    stream.write_all(b"{\"id\":").unwrap();
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
    read_answer(&mut stream).unwrap().problem(408, "too-slow");
    assert!(is_closed(stream));
}

/// Whoever sends slowly has no turn yet, and takes none from others: with a token, without one, and at the doors of all.
#[test]
fn h4_many_slow_bodies_hold_up_nobody_else() {
    let service = with("requests = 4\nbody_seconds = 600");
    let session = head(&service, 100).replace("/v1/workspaces/glow/events", "/v1/session");
    let mut slow = Vec::new();
    for head in [head(&service, 100), session] {
        for _ in 0..6 {
            let mut stream = connect(service.address);
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(b"{").unwrap();
            slow.push(stream);
        }
    }
    assert_eq!(service.get("/healthz").status, 200);
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
    assert_eq!(service.records(1).len(), 1);
    drop(slow);
}

#[test]
fn h4_half_a_request_takes_nothing() {
    let service = Service::usual();
    let line = comment("e1", "u1");
    let mut stream = connect(service.address);
    stream.write_all(head(&service, line.len() + 1).as_bytes()).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    drop(stream);
    service.post(comment("e2", "u2"));
    assert_eq!(service.records(1)[0]["event"], "e2");
}

#[test]
fn h4_a_long_head_is_refused() {
    let service = with("head_bytes = 8192");
    let mut stream = connect(service.address);
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(20_000));
    let _ = stream.write_all(long.as_bytes());
    let answer = read_answer(&mut stream);
    assert!(answer.is_none_or(|answer| answer.status == 431), "a long head was read");
    let mut stream = connect(service.address);
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes());
    assert!(read_answer(&mut stream).is_none_or(|answer| answer.status == 431), "many headers were read");
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn h4_what_is_not_http_is_refused() {
    let service = Service::usual();
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01"[..], b"HELO there\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        let mut stream = connect(service.address);
        stream.write_all(garbage).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let answer = read_answer(&mut stream);
        assert!(answer.is_none_or(|answer| (400..600).contains(&answer.status)));
    }
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn h4_deep_json_is_refused() {
    let service = Service::usual();
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    service.post(deep("[", "]")).problem(400, "unreadable-line");
    service.post(deep("{\"id\":", "}")).problem(400, "unreadable-line");
    let lines = format!("{{\"id\":\"e1\",\"type\":\"order\",\"lines\":{}}}", deep("[", "]"));
    service.post(lines).problem(400, "unreadable-line");
    // A line with a document can be read, whatever the document: it is the engine that refuses it.
    let configure = format!("{{\"id\":\"d1\",\"type\":\"configure\",\"workspace\":{}}}", deep("{\"a\":", "}"));
    assert_eq!(service.post(configure).status, 200);
    assert_eq!(service.records(1)[0]["outcome"]["refused"]["reason"], "invalid_workspace");
    service.call("PUT", "/v1/workspaces/glow/document", deep("{\"a\":", "}")).problem(422, "invalid-document");
    service.call("POST", "/v1/workspaces/glow/queue/drop", &deep("[", "]")[..16_000]).problem(400, "bad-request");
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
}

#[test]
fn h4_bodies_at_once_take_no_more_than_their_memory() {
    let service = with("memory_bytes = 40000\nbody_bytes = 1000000");
    let mut waiting = None;
    crate::service::wait_for("a body without room", || {
        // Another one each time: whichever of the two bodies finds no room is thrown away.
        let waiting = waiting.insert(connect(service.address));
        waiting.write_all(head(&service, 40_000).as_bytes()).unwrap();
        waiting.write_all(&[b'x'; 30_000]).unwrap();
        let answer = service.post("x".repeat(30_000));
        match answer.status {
            503 => {
                answer.problem(503, "busy");
                assert!(answer.header("retry-after").is_some());
                true
            }
            _ => false,
        }
    });
    drop(waiting);
    crate::service::wait_for("room again", || service.post("x".repeat(30_000)).status == 400);
}

#[test]
fn h4_idle_connections_make_place_for_others() {
    let service = with("connections = 20\nhead_seconds = 600");
    let mut idle: Vec<TcpStream> = (0..200).map(|_| connect(service.address)).collect();
    for stream in &mut idle {
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ");
    }
    assert_eq!(service.post(comment("e1", "u1")).status, 200);
    assert_eq!(service.records(1).len(), 1);
    drop(idle);
}

#[test]
fn h4_thousands_at_once_are_all_answered() {
    let service = Service::usual();
    let address = service.address;
    let lines: Vec<String> = (0..2_000).map(|n| comment(&format!("e{n}"), &format!("u{n}"))).collect();
    let heads: Vec<String> = lines.iter().map(|line| head(&service, line.len())).collect();
    let accepted: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = lines
            .chunks(100)
            .zip(heads.chunks(100))
            .map(|(lines, heads)| {
                scope.spawn(move || {
                    // A hundred connections before the first answer is read.
                    let mut streams: Vec<TcpStream> = Vec::new();
                    for (line, head) in lines.iter().zip(heads) {
                        let mut stream = connect(address);
                        stream.write_all(format!("{head}{line}").as_bytes()).unwrap();
                        streams.push(stream);
                    }
                    streams.iter_mut().filter_map(read_answer).filter(|answer| answer.status == 200).count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(accepted, 2_000);
    crate::service::wait_for("every decision", || {
        let metrics = service.get("/metrics");
        metrics.text().contains("chatsparks_decided_total{outcome=\"fired\"} 2000")
    });
}

#[test]
fn h4_an_answer_that_nobody_reads_is_let_go_of() {
    let service = with("write_seconds = 1");
    let text = "x".repeat(2_000);
    let lines: Vec<String> = (0..3_000)
        .map(|n| {
            json!({ "id": format!("m{n}"), "type": "message", "message_id": format!("m{n}"), "user_id": format!("u{n}-{text}")
                .chars().take(250).collect::<String>(), "text": "hi" })
            .to_string()
        })
        .collect();
    service.post(lines.join("\n"));
    crate::service::wait_for("every decision", || {
        let health = service.get("/healthz").json();
        health["shards"][0]["lag"] == 0
    });
    let mut stream = connect(service.address);
    // Many answers at once, which together are more than anything buffers.
    let request = format!(
        "GET /v1/workspaces/glow/records?limit=3000 HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\r\n",
        service.address
    );
    let mut refused = false;
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(30));
        if stream.write_all(request.as_bytes()).is_err() {
            refused = true;
            break;
        }
    }
    assert!(refused, "the connection is still there");
    assert_eq!(service.get("/healthz").status, 200);
}
