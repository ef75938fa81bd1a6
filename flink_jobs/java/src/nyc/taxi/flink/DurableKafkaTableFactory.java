package nyc.taxi.flink;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;

/**
 * The connector {@code kafka-durable-watermark}: Flink's {@code kafka} as a source whose watermark survives a restart
 * and does not wait for subtasks without a partition. Its options are those of {@code kafka}.
 */
public final class DurableKafkaTableFactory implements DynamicTableSourceFactory {

  private final KafkaDynamicTableFactory kafka = new KafkaDynamicTableFactory();

  @Override
  public String factoryIdentifier() {
    return "kafka-durable-watermark";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return kafka.requiredOptions();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return kafka.optionalOptions();
  }

  @Override
  public Set<ConfigOption<?>> forwardOptions() {
    return kafka.forwardOptions();
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    String table = context.getObjectIdentifier().asSummaryString();
    return new DurableKafkaTableSource(table, kafka.createDynamicTableSource(context));
  }
}
