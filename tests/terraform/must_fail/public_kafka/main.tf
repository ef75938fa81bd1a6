resource "aws_msk_cluster" "this" {
  cluster_name           = "taxi"
  kafka_version          = "4.1.x.kraft"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.t3.small"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]

    connectivity_info {
      public_access {
        type = "SERVICE_PROVIDED_EIPS"
      }
    }
  }
}
