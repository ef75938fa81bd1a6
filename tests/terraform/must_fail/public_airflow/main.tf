resource "aws_mwaa_environment" "this" {
  name                  = "taxi"
  dag_s3_path           = "airflow/dags"
  execution_role_arn    = "arn:aws:iam::123456789012:role/airflow"
  source_bucket_arn     = "arn:aws:s3:::artifacts"
  webserver_access_mode = "PUBLIC_ONLY"

  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}
