//! `assignable-clusters/` and `assignable-partners/`: the clusters and partners for
//! which the caller can grant roles and invite users, as bare arrays.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::Answer;
use super::call::{Prp, answer};
use super::users::{ClusterBody, PartnerBody};
use crate::directory::portal::{AssignableClusters, AssignablePartners};

pub async fn clusters(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let found = call.guard.read(AssignableClusters::default()).await?;
        let body = |(id, full_title)| ClusterBody { id, full_title };
        Answer::ok(&found.into_iter().map(body).collect::<Vec<_>>())
    })
    .await
}

pub async fn partners(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let found = call.guard.read(AssignablePartners::default()).await?;
        let bodies = found.into_iter().map(|partner| PartnerBody {
            id: partner.id,
            title: partner.title,
            ocha_external_id: partner.ocha_external_id,
        });
        Answer::ok(&bodies.collect::<Vec<_>>())
    })
    .await
}
