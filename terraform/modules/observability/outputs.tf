output "topic_arn" {
  description = "Where alarms are published; subscribe a pager or a chat to it."
  value       = aws_sns_topic.this.arn
}

output "alarm_names" {
  description = "Every alarm."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.growing : alarm.alarm_name],
  ))
}
