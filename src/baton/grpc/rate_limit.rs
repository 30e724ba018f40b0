//! `c1.ratelimit.v1.RateLimiterService`: callers ask it before every call and tell it afterwards
//! (`baton/service/protocol.md 7.4`). It never limits: quotas are kept where requests are sent (`baton::http`), and a
//! second limiter in front of them could only make the first one's budget go unused. So the limiter a parent configures
//! (`rate_limiter_config`) is not built.

use tonic::{Request, Response, Status};

use super::{Services, checked};
use crate::baton::connector::Provisioner;
use crate::baton::proto::c1::ratelimit::v1;
use crate::baton::proto::c1::ratelimit::v1::rate_limit_description::Status as Limit;
use crate::baton::proto::c1::ratelimit::v1::rate_limiter_service_server::RateLimiterService;

#[tonic::async_trait]
impl<C: Provisioner> RateLimiterService for Services<C> {
    async fn r#do(&self, request: Request<v1::DoRequest>) -> Result<Response<v1::DoResponse>, Status> {
        let request_token = checked(request)?.request_token;
        Ok(Response::new(v1::DoResponse {
            request_token,
            description: Some(v1::RateLimitDescription {
                status: Limit::Empty.into(),
                ..Default::default()
            }),
        }))
    }

    async fn report(&self, request: Request<v1::ReportRequest>) -> Result<Response<v1::ReportResponse>, Status> {
        checked(request)?;
        Ok(Response::new(Default::default()))
    }
}
