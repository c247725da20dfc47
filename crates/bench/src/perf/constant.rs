//! The floor of reading: a server that always gives the same answer.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::fault::eventually;

const STARTED: Duration = Duration::from_secs(10);

/// Answers every request with `size` bytes.
///
/// # Errors
/// Where the port is taken.
pub async fn serve(listen: SocketAddr, size: usize) -> Result<()> {
    let body = Bytes::from(vec![b' '; size]);
    let server = HttpServer::new(move || {
        let body = body.clone();
        let answer = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(body) }
        };
        App::new().default_service(web::to(answer))
    });
    Ok(server.bind(listen)?.run().await?)
}

/// Such a server in a process of its own, which ends with this value.
pub(super) struct Constant {
    _process: Child,
    pub(super) authority: String,
}

impl Constant {
    pub(super) async fn start(size: usize) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let authority = format!("127.0.0.1:{port}");
        let process = Command::new(std::env::current_exe().context("this program has no file")?)
            .args(["constant", "--listen", &authority, "--size", &size.to_string()])
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        eventually("the constant server", STARTED, async || {
            TcpStream::connect(&authority).await.ok()
        })
        .await?;
        Ok(Self {
            _process: process,
            authority,
        })
    }
}
