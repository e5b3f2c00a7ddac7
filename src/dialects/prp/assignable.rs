//! `assignable-clusters/` and `assignable-partners/`: what the caller can name
//! when giving roles and inviting people. Bare arrays.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::Answer;
use super::call::{Prp, answer};
use super::users::{ShownCluster, ShownPartner};
use crate::directory::portal::{AssignableClusters, AssignablePartners};

pub async fn clusters(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let found = call.guard.read(AssignableClusters::default()).await?;
        let shown = |(id, full_title)| ShownCluster { id, full_title };
        Answer::ok(&found.into_iter().map(shown).collect::<Vec<_>>())
    })
    .await
}

pub async fn partners(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let found = call.guard.read(AssignablePartners::default()).await?;
        let shown = found.into_iter().map(|partner| ShownPartner {
            id: partner.id,
            title: partner.title,
            ocha_external_id: partner.ocha_external_id,
        });
        Answer::ok(&shown.collect::<Vec<_>>())
    })
    .await
}
