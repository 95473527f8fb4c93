//! Forty operations, as a program uses them: one function each, which names the types that it relies on.

use std::error::Error;

use qovery_api::{Client, types, uuid::Uuid};

type Outcome = Result<(), Box<dyn Error>>;

pub async fn list_organization(client: &Client) -> Outcome {
    let list: types::OrganizationResponseList = client.list_organization().await?;
    for organization in &list.results {
        let organization: &types::Organization = organization;
        let about: &Option<String> = &organization.description;
        println!("{} {} {about:?}", organization.id, organization.name);
    }
    Ok(())
}

pub async fn get_organization(client: &Client, id: Uuid) -> Outcome {
    let organization: types::Organization = client.get_organization(id).await?;
    match organization.plan {
        types::PlanEnum::Enterprise => println!("{}: {:?}", organization.name, organization.owner),
        plan => println!("{plan:?}"),
    }
    Ok(())
}

pub async fn edit_organization(client: &Client, id: Uuid) -> Outcome {
    let body = types::OrganizationEditRequest::new("name").description("about");
    let organization: types::Organization = client.edit_organization(id, &body).await?;
    println!("{:?}", organization.updated_at);
    Ok(())
}

pub async fn list_project(client: &Client, id: Uuid) -> Outcome {
    let list: types::ProjectResponseList = client.list_project(id).await?;
    for project in &list.results {
        let project: &types::Project = project;
        println!("{} of {}", project.name, project.organization.id);
    }
    Ok(())
}

pub async fn create_project(client: &Client, id: Uuid) -> Outcome {
    let body = types::ProjectRequest::new("name").description("about");
    let project: types::Project = client.create_project(id, &body).await?;
    println!("{}", project.created_at);
    Ok(())
}

pub async fn list_environment(client: &Client, id: Uuid) -> Outcome {
    let list: types::EnvironmentResponseList = client.list_environment(id).await?;
    for environment in &list.results {
        let environment: &types::Environment = environment;
        println!(
            "{} {}",
            environment.name, environment.cloud_provider.provider
        );
    }
    Ok(())
}

pub async fn get_environment(client: &Client, id: Uuid) -> Outcome {
    let environment: types::Environment = client.get_environment(id).await?;
    let cluster: Uuid = environment.cluster_id;
    let named: Option<String> = environment.cluster_name;
    if environment.mode == types::EnvironmentModeEnum::Preview {
        println!("{cluster} {named:?} {}", environment.project.id);
    }
    Ok(())
}

pub async fn create_environment(client: &Client, id: Uuid) -> Outcome {
    let body = types::CreateEnvironmentRequest::new("name")
        .cluster(id)
        .mode(types::CreateEnvironmentModeEnum::Development);
    let environment: types::Environment = client.create_environment(id, &body).await?;
    println!("{}", environment.id);
    Ok(())
}

pub async fn edit_environment(client: &Client, id: Uuid) -> Outcome {
    let body = types::EnvironmentEditRequest::new()
        .name("name")
        .mode(types::CreateEnvironmentModeEnum::Staging);
    let environment: types::Environment = client.edit_environment(id, &body).await?;
    println!("{:?}", environment.updated_at);
    Ok(())
}

pub async fn clone_environment(client: &Client, id: Uuid) -> Outcome {
    let body = types::CloneEnvironmentRequest::new("copy")
        .cluster_id(id)
        .mode(types::EnvironmentModeEnum::Preview)
        .apply_deployment_rule(true);
    let environment: types::Environment = client.clone_environment(id, &body).await?;
    println!("{}", environment.name);
    Ok(())
}

pub async fn deploy_environment(client: &Client, id: Uuid) -> Outcome {
    let status: types::EnvironmentStatus = client.deploy_environment(id).await?;
    println!("{:?}", status.state);
    Ok(())
}

pub async fn stop_environment(client: &Client, id: Uuid) -> Outcome {
    let status: types::EnvironmentStatus = client.stop_environment(id).await?;
    println!("{:?}", status.last_deployment_state);
    Ok(())
}

pub async fn get_environment_statuses(client: &Client, id: Uuid) -> Outcome {
    let statuses: types::EnvironmentStatuses = client.get_environment_statuses(id).await?;
    for status in statuses.applications.iter().chain(&statuses.jobs) {
        let status: &types::Status = status;
        println!("{} {:?}", status.id, status.service_deployment_status);
    }
    Ok(())
}

pub async fn get_environment_status(client: &Client, id: Uuid) -> Outcome {
    let status: types::EnvironmentStatus = client.get_environment_status(id).await?;
    match status.state {
        types::StateEnum::Deployed => println!("{:?}", status.last_deployment_date),
        types::StateEnum::DeploymentError => println!("{:?}", status.last_deployment_id),
        other => println!("{other:?} {:?}", status.deployment_status),
    }
    Ok(())
}

pub async fn list_environment_deployment_history(client: &Client, id: Uuid) -> Outcome {
    let list: types::DeploymentHistoryEnvironmentPaginatedResponseList =
        client.list_environment_deployment_history(id).await?;
    for entry in &list.results {
        let entry: &types::DeploymentHistoryEnvironment = entry;
        println!("{} {:?} {}", entry.id, entry.status, entry.jobs.len());
    }
    Ok(())
}

pub async fn list_application(client: &Client, id: Uuid) -> Outcome {
    let list: types::ApplicationResponseList = client.list_application(id).to_update(true).await?;
    for application in &list.results {
        let application: &types::Application = application;
        println!("{} {:?}", application.name, application.build_mode);
    }
    Ok(())
}

pub async fn get_application(client: &Client, id: Uuid) -> Outcome {
    let application: types::Application = client.get_application(id).await?;
    let cpu: Option<i64> = application.cpu;
    let file: Option<String> = application.dockerfile_path;
    for storage in &application.storage {
        println!("{cpu:?} {file:?} {}", storage.mount_point);
    }
    Ok(())
}

pub async fn create_application(client: &Client, id: Uuid) -> Outcome {
    let git = types::ApplicationGitRepositoryRequest::new(
        "https://git.example",
        types::GitProviderEnum::Github,
    )
    .branch("main");
    let body = types::ApplicationRequest::new("name", git, types::Healthcheck::new())
        .cpu(500)
        .memory(512)
        .auto_preview(true);
    let application: types::Application = client.create_application(id, &body).await?;
    println!("{}", application.id);
    Ok(())
}

pub async fn edit_application(client: &Client, id: Uuid) -> Outcome {
    let body = types::ApplicationEditRequest::new(types::Healthcheck::new())
        .name("name")
        .min_running_instances(2);
    let application: types::Application = client.edit_application(id, &body).await?;
    println!("{:?}", application.min_running_instances);
    Ok(())
}

pub async fn deploy_application(client: &Client, id: Uuid) -> Outcome {
    let body = types::DeployRequest::new("1f35c7966e6aabc072322bfe74ed0b2aed675a33");
    let status: types::Status = client.deploy_application(id, &body).await?;
    println!("{:?}", status.state);
    Ok(())
}

pub async fn list_container(client: &Client, id: Uuid) -> Outcome {
    let list: types::ContainerResponseList = client.list_container(id).await?;
    for container in &list.results {
        let container: &types::ContainerResponse = container;
        println!("{}:{}", container.image_name, container.tag);
    }
    Ok(())
}

pub async fn create_container(client: &Client, id: Uuid) -> Outcome {
    let body = types::ContainerRequest::new(
        "name",
        id.to_string(),
        "nginx",
        "1",
        types::Healthcheck::new(),
    )
    .cpu(100)
    .entrypoint("run");
    let container: types::ContainerResponse = client.create_container(id, &body).await?;
    println!("{}", container.registry.id);
    Ok(())
}

pub async fn edit_container(client: &Client, id: Uuid) -> Outcome {
    let body = types::ContainerRequest::new(
        "name",
        id.to_string(),
        "nginx",
        "2",
        types::Healthcheck::new(),
    )
    .description("about")
    .auto_preview(false);
    let container: types::ContainerResponse = client.edit_container(id, &body).await?;
    println!("{:?}", container.description);
    Ok(())
}

pub async fn deploy_container(client: &Client, id: Uuid) -> Outcome {
    let body = types::ContainerDeployRequest::new("2");
    let status: types::Status = client.deploy_container(id, &body).await?;
    println!("{:?}", status.last_deployment_date);
    Ok(())
}

pub async fn list_container_registry(client: &Client, id: Uuid) -> Outcome {
    let list: types::ContainerRegistryResponseList = client.list_container_registry(id).await?;
    for registry in &list.results {
        let registry: &types::ContainerRegistryResponse = registry;
        println!("{:?} {:?}", registry.kind, registry.url);
    }
    Ok(())
}

pub async fn list_database(client: &Client, id: Uuid) -> Outcome {
    let list: types::DatabaseResponseList = client.list_database(id).await?;
    for database in &list.results {
        let database: &types::Database = database;
        println!(
            "{} {} {:?}",
            database.name, database.version, database.accessibility
        );
    }
    Ok(())
}

pub async fn create_database(client: &Client, id: Uuid) -> Outcome {
    let body = types::DatabaseRequest::new(
        "name",
        types::DatabaseTypeEnum::Postgresql,
        "15",
        types::DatabaseModeEnum::Container,
    )
    .accessibility(types::DatabaseAccessibilityEnum::Private)
    .storage(10);
    let database: types::Database = client.create_database(id, &body).await?;
    println!("{:?}", database.instance_type);
    Ok(())
}

pub async fn get_database_master_credentials(client: &Client, id: Uuid) -> Outcome {
    let credentials: types::Credentials = client.get_database_master_credentials(id).await?;
    let port: i64 = credentials.port;
    println!("{}:{port} {}", credentials.host, credentials.login);
    Ok(())
}

pub async fn list_jobs(client: &Client, id: Uuid) -> Outcome {
    let list: types::JobResponseList = client.list_jobs(id).await?;
    for job in &list.results {
        match job {
            types::JobResponse::Cron(job) => println!("{}", job.name),
            types::JobResponse::Lifecycle(job) => println!("{} {:?}", job.name, job.max_nb_restart),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

pub async fn create_job(client: &Client, id: Uuid) -> Outcome {
    let body = types::JobRequest::new("name", types::Healthcheck::new())
        .cpu(100)
        .max_nb_restart(1);
    let job: types::JobResponse = client.create_job(id, &body).await?;
    println!("{job:?}");
    Ok(())
}

pub async fn deploy_job(client: &Client, id: Uuid) -> Outcome {
    let body = types::JobDeployRequest::new();
    let status: types::Status = client
        .deploy_job(id, &body)
        .force_event(types::JobForceEvent::Start)
        .await?;
    println!("{:?}", status.state);
    Ok(())
}

pub async fn list_helms(client: &Client, id: Uuid) -> Outcome {
    let list: types::HelmResponseList = client.list_helms(id).to_update(true).await?;
    for helm in &list.results {
        let helm: &types::HelmResponse = helm;
        println!("{} {:?}", helm.name, helm.ports.first());
    }
    Ok(())
}

pub async fn deploy_helm(client: &Client, id: Uuid) -> Outcome {
    let body = types::HelmDeployRequest::new().chart_version("1.0.0");
    let status: types::Status = client.deploy_helm(id, &body).await?;
    println!("{:?}", status.state);
    Ok(())
}

pub async fn list_variables(client: &Client, id: Uuid) -> Outcome {
    let scope = types::ApiVariableScopeEnum::Environment;
    let list: types::VariableResponseList =
        client.list_variables(id, scope).is_secret(false).await?;
    for variable in &list.results {
        let variable: &types::VariableResponse = variable;
        let value: &Option<String> = &variable.value;
        println!("{} {value:?} {:?}", variable.key, variable.service_type);
    }
    Ok(())
}

pub async fn create_variable(client: &Client, id: Uuid) -> Outcome {
    let scope = types::ApiVariableScopeEnum::Application;
    let body = types::VariableRequest::new("KEY", "value", false, scope, id);
    let variable: types::VariableResponse = client.create_variable(&body).await?;
    println!(
        "{:?}",
        variable.overridden_variable.map(|variable| variable.id)
    );
    Ok(())
}

pub async fn list_organization_cluster(client: &Client, id: Uuid) -> Outcome {
    let list: types::ClusterResponseList = client.list_organization_cluster(id).await?;
    for cluster in &list.results {
        let cluster: &types::Cluster = cluster;
        println!(
            "{} {:?} {:?}",
            cluster.region, cluster.kubernetes, cluster.status
        );
    }
    Ok(())
}

pub async fn get_cluster_advanced_settings(client: &Client, id: Uuid) -> Outcome {
    let settings: types::ClusterAdvancedSettings =
        client.get_cluster_advanced_settings(id, id).await?;
    let days: Option<i64> = settings.aws_cloudwatch_eks_logs_retention_days;
    println!("{days:?} {:?}", settings.load_balancer_size);
    Ok(())
}

pub async fn create_cluster(client: &Client, id: Uuid) -> Outcome {
    let body = types::ClusterRequest::new("name", "eu-west-3", types::CloudVendorEnum::Aws)
        .instance_type("T3A_LARGE")
        .max_running_nodes(10)
        .kubernetes(types::KubernetesEnum::Managed);
    let cluster: types::Cluster = client.create_cluster(id, &body).await?;
    println!("{:?}", cluster.cloud_provider);
    Ok(())
}

pub async fn get_organization_events(client: &Client, id: Uuid) -> Outcome {
    let list: types::OrganizationEventResponseList = client
        .get_organization_events(id)
        .target_id(id)
        .event_type(types::OrganizationEventType::Create)
        .await?;
    for event in list.events.iter().flatten() {
        let event: &types::OrganizationEventResponse = event;
        println!(
            "{:?} {:?} {:?}",
            event.timestamp, event.target_name, event.origin
        );
    }
    Ok(())
}

pub async fn deploy_all_services(client: &Client, id: Uuid) -> Outcome {
    let application = types::DeployAllRequestApplication::new(id).git_commit_id("1f35c7966e6a");
    let body = types::DeployAllRequest::new()
        .applications(vec![application])
        .databases(vec![id]);
    let status: types::EnvironmentStatus = client.deploy_all_services(id, &body).await?;
    println!("{:?}", status.state);
    Ok(())
}
