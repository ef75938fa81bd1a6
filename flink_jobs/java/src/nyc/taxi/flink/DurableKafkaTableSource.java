package nyc.taxi.flink;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/**
 * Flink's {@code kafka} source with {@link RememberWatermark} chained behind it, and one more metadata column, {@code
 * closed-until}: the event time up to which windows may have closed when the record was read.
 */
final class DurableKafkaTableSource
    implements ScanTableSource, SupportsReadingMetadata, SupportsWatermarkPushDown {

  static final String CLOSED_UNTIL = "closed-until";
  private static final String PARTITION = "partition";

  private final String table;
  private final ScanTableSource kafka;
  private DataType producedType;
  private WatermarkStrategy<RowData> strategy;
  private int partitionField = RememberWatermark.NO_FIELD;
  private boolean givesClosedUntil;

  DurableKafkaTableSource(String table, DynamicTableSource kafka) {
    this.table = table;
    this.kafka = (ScanTableSource) kafka;
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return kafka.getChangelogMode();
  }

  @Override
  public Map<String, DataType> listReadableMetadata() {
    Map<String, DataType> columns = new LinkedHashMap<>(metadata().listReadableMetadata());
    columns.put(CLOSED_UNTIL, DataTypes.TIMESTAMP(3));
    return columns;
  }

  @Override
  public void applyReadableMetadata(List<String> keys, DataType produced) {
    List<DataTypes.Field> fields = DataType.getFields(produced);
    int physicalFields = fields.size() - keys.size();
    int own = keys.indexOf(CLOSED_UNTIL);
    givesClosedUntil = own >= 0;
    if (givesClosedUntil && (own != keys.size() - 1 || !keys.contains(PARTITION))) {
      throw new ValidationException("closed-until also needs a column of the metadata 'partition'");
    }
    producedType = produced;
    partitionField = keys.contains(PARTITION) ? physicalFields + keys.indexOf(PARTITION) : RememberWatermark.NO_FIELD;
    int kept = givesClosedUntil ? fields.size() - 1 : fields.size();
    metadata()
        .applyReadableMetadata(
            keys.subList(0, kept - physicalFields), DataTypes.ROW(fields.subList(0, kept)).bridgedTo(RowData.class));
  }

  @Override
  public boolean supportsMetadataProjection() {
    return metadata().supportsMetadataProjection();
  }

  @Override
  public void applyWatermark(WatermarkStrategy<RowData> pushedDown) {
    strategy = pushedDown;
    ((SupportsWatermarkPushDown) kafka).applyWatermark(pushedDown);
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    DataStreamScanProvider records = (DataStreamScanProvider) kafka.getScanRuntimeProvider(context);
    TypeInformation<RowData> type = producedType == null ? null : context.createTypeInformation(producedType);
    return new DataStreamScanProvider() {
      @Override
      public DataStream<RowData> produceDataStream(ProviderContext names, StreamExecutionEnvironment environment) {
        return remembered(records.produceDataStream(names, environment), type, records.isBounded(), names);
      }

      @Override
      public boolean isBounded() {
        return records.isBounded();
      }
    };
  }

  private DataStream<RowData> remembered(
      DataStream<RowData> records, TypeInformation<RowData> type, boolean isBounded, ProviderContext names) {
    SourceTransformation<RowData, ?, ?> kafkaSource =
        (SourceTransformation<RowData, ?, ?>) records.getTransformation();
    DataStreamSource<RowData> source =
        records
            .getExecutionEnvironment()
            .fromSource(
                idleWhenEmpty(kafkaSource.getSource()),
                strategy == null ? WatermarkStrategy.noWatermarks() : strategy,
                kafkaSource.getName(),
                kafkaSource.getOutputType());
    source.getTransformation().setDescription("KafkaSource(table=[" + table + "])");
    names.generateUid("kafka").ifPresent(source::uid);
    RememberWatermark operator = new RememberWatermark(strategy, partitionField, givesClosedUntil, isBounded);
    return source.transform(
        "remember watermark", type == null ? kafkaSource.getOutputType() : type, operator);
  }

  private static <S extends org.apache.flink.api.connector.source.SourceSplit, E> Source<RowData, S, E> idleWhenEmpty(
      Source<RowData, S, E> kafka) {
    return new IdleWhenEmptySource<>(kafka);
  }

  private SupportsReadingMetadata metadata() {
    return (SupportsReadingMetadata) kafka;
  }

  @Override
  public DynamicTableSource copy() {
    DurableKafkaTableSource copy = new DurableKafkaTableSource(table, kafka.copy());
    copy.producedType = producedType;
    copy.strategy = strategy;
    copy.partitionField = partitionField;
    copy.givesClosedUntil = givesClosedUntil;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return kafka.asSummaryString();
  }
}
