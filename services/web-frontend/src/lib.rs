#![doc = include_str!("../README.md")]

pub mod app;
pub mod args;

mod assets;
mod forms;
mod live;
mod observe;
mod pages;
mod security;
mod session;
mod words;
