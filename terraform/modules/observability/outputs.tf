output "topic_arn" {
  description = "ARN of the topic for alarms; subscribe a pager or a chat to it."
  value       = aws_sns_topic.this.arn
}

output "alarm_names" {
  description = "Names of all alarms."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.growing : alarm.alarm_name],
  ))
}
