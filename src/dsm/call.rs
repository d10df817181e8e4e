//! A call as a value: which method with which parameters, and what type its answer has. Calls go alone or many in
//! one request, as a [`Batch`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::envelope;
use super::error::{DecodeFault, Error};

/// One call of a method whose answer is a `T`. Its parameters may be secret: Debug shows their names alone.
#[must_use = "a call does nothing until a client makes it"]
pub struct Call<T> {
    pub(super) request: Request,
    answer: PhantomData<fn() -> T>,
}

/// A call without the type of its answer.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) api: &'static str,
    pub(super) method: &'static str,
    pub(super) version: u32,
    pub(super) params: Map<String, Value>,
    /// Whether it changes nothing on the NAS, so that it may be sent twice.
    pub(super) read_only: bool,
}

impl<T> Call<T> {
    /// A call that changes nothing on the NAS.
    pub fn read(api: &'static str, method: &'static str, version: u32) -> Self {
        let request = Request { api, method, version, params: Map::new(), read_only: true };
        Self { request, answer: PhantomData }
    }

    /// A call that changes something.
    pub fn act(api: &'static str, method: &'static str, version: u32) -> Self {
        let mut call = Self::read(api, method, version);
        call.request.read_only = false;
        call
    }

    /// With a parameter, sent as JSON of its own type (API notes §1).
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.request.params.insert(name.to_owned(), value.into());
        self
    }

    /// The API's name.
    pub fn api(&self) -> &'static str {
        self.request.api
    }

    /// The method's name.
    pub fn method(&self) -> &'static str {
        self.request.method
    }

    /// The API's version.
    pub fn version(&self) -> u32 {
        self.request.version
    }

    /// The parameters as they are sent. They may be secret: `conn_info` of a new task holds the access to its cloud.
    pub fn params(&self) -> &Map<String, Value> {
        &self.request.params
    }
}

impl<T: DeserializeOwned> Call<T> {
    /// Reads the body of an HTTP 200 answer to this call, as a client does that has made it alone.
    pub fn read_answer(&self, body: &[u8]) -> Result<T, Error> {
        let Request { api, method, ref params, .. } = self.request;
        envelope::read_as(method, envelope::answer(api, method, body, |name| params.contains_key(name))?)
    }
}

impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), answer: PhantomData }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("api", &self.api)
            .field("method", &self.method)
            .field("version", &self.version)
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// As a member of a compound request: the call's address and its parameters as one object (API notes §3).
    pub(super) fn member(&self) -> Value {
        let mut member = self.params.clone();
        member.insert("api".to_owned(), self.api.into());
        member.insert("method".to_owned(), self.method.into());
        member.insert("version".to_owned(), self.version.into());
        Value::Object(member)
    }
}

/// Several calls for one request, made in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(super) requests: Vec<Request>,
    pub(super) stop_on_error: bool,
}

impl Batch {
    /// A batch in which every call is made, whatever becomes of the others.
    pub fn new() -> Self {
        Self::default()
    }

    /// A batch that ends at the first call that fails; the calls behind it share its failure.
    pub fn stopping_on_error() -> Self {
        Self { stop_on_error: true, ..Self::default() }
    }

    /// Adds a call. The slot gets its answer out of the batch's [`Answers`].
    pub fn add<T>(&mut self, call: Call<T>) -> Slot<T> {
        self.requests.push(call.request);
        Slot { index: self.requests.len() - 1, answer: PhantomData }
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

/// Where in a batch's answers the one of a certain call is.
#[derive(Debug)]
#[must_use = "the answer of the call is lost without its slot"]
pub struct Slot<T> {
    index: usize,
    answer: PhantomData<fn() -> T>,
}

/// The answers of a batch.
pub struct Answers {
    members: Vec<Option<MemberAnswer>>,
}

/// What became of one call: its method, and its data before they are read as a type.
pub(super) struct MemberAnswer {
    pub(super) method: &'static str,
    pub(super) data: Result<Value, Error>,
}

impl Answers {
    pub(super) fn new(members: impl IntoIterator<Item = MemberAnswer>) -> Self {
        Self { members: members.into_iter().map(Some).collect() }
    }

    /// The answer of one call.
    #[expect(clippy::needless_pass_by_value, reason = "an answer is taken once, and its slot with it")]
    pub fn take<T: DeserializeOwned>(&mut self, slot: Slot<T>) -> Result<T, Error> {
        let Some(member) = self.members.get_mut(slot.index).and_then(Option::take) else {
            return Err(Error::Decode { method: "compound", fault: DecodeFault::Missing });
        };
        envelope::read_as(member.method, member.data?)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.members.iter().map(|m| m.as_ref().map(|m| (m.method, m.data.as_ref().map(|_| ())))))
            .finish()
    }
}
