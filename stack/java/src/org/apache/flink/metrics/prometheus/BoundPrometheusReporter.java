package org.apache.flink.metrics.prometheus;

import io.prometheus.client.exporter.HTTPServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import org.apache.flink.metrics.MetricConfig;

/**
 * Flink's Prometheus reporter on one address: Flink's own listens on every interface, and has no option for it.
 *
 * <p>In Flink's package, because the registry of the metrics is accessible in that package only.
 */
public final class BoundPrometheusReporter extends AbstractPrometheusReporter {

  private HTTPServer server;

  @Override
  public void open(MetricConfig config) {
    super.open(config);
    String host = config.getString("host", "127.0.0.1");
    int port = config.getInteger("port", 9249);
    try {
      server = new HTTPServer(new InetSocketAddress(host, port), registry, true);
    } catch (IOException failure) {
      throw new UncheckedIOException("Metrics cannot be served at " + host + ":" + port, failure);
    }
    log.info("Metrics are served at http://{}:{}/metrics.", host, port);
  }

  @Override
  public void close() {
    if (server != null) {
      server.stop();
    }
    super.close();
  }
}
