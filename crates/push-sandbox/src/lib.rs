#![doc = include_str!("../README.md")]

pub mod app;
pub mod args;
mod authority;
mod browser;
mod clock;
mod credentials;
mod delivery;
mod device;
mod fault;
mod folder;
mod mail;
mod providers;
mod random;
mod register;
mod samples;
mod sandbox;
mod site;
mod state;
mod storm;
mod tally;
mod tls;

pub use clock::Clock;
pub use credentials::{
    ApnsCredentials, CredentialError, Credentials, FcmCredentials, TOPIC, WebPushCredentials, WnsAppSdk,
    WnsCredentials, WnsUwp,
};
pub use delivery::{Delivery, Filter, Refusal};
pub use device::{BrowserKeys, Channel, Device, NewDevice, NewDevices, Platform, WnsSignIn};
pub use fault::{Fault, FaultKind};
pub use mail::{Mail, MailFault, MailFaultKind, MailFilter, MailRefusal, SmtpCredentials};
pub use sandbox::{Options, Sandbox, StartError};
pub use site::Registration;
pub use state::{DeviceError, KEPT_DELIVERIES, MOST_DEVICES};
pub use storm::{Shares, Storm};
pub use tally::{Group, KeyCount, Summary, Taken};
