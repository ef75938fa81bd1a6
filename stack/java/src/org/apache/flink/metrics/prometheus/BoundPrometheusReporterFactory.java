package org.apache.flink.metrics.prometheus;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes the reporter that `metrics.reporter.NAME.factory.class` asks for. */
public final class BoundPrometheusReporterFactory implements MetricReporterFactory {

  @Override
  public BoundPrometheusReporter createMetricReporter(Properties properties) {
    return new BoundPrometheusReporter();
  }
}
