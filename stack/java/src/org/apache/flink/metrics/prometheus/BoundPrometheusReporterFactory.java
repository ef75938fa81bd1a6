package org.apache.flink.metrics.prometheus;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Creates the reporter for `metrics.reporter.NAME.factory.class`. */
public final class BoundPrometheusReporterFactory implements MetricReporterFactory {

  @Override
  public BoundPrometheusReporter createMetricReporter(Properties properties) {
    return new BoundPrometheusReporter();
  }
}
