package nyc.taxi.flink;

import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.InputTypeConfigurable;
import org.apache.flink.connector.jdbc.internal.GenericJdbcSinkFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.sink.legacy.RichSinkFunction;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes by JDBC, and never fails when it is closed.
 *
 * <p>Flink also closes the functions of a failed or cancelled task. If closing fails, Flink ends the whole
 * TaskManager, with all other jobs that it runs. The JDBC function writes its buffer when it is closed, which fails
 * for the same reason as the task did. So this sink writes the last rows of a finishing job at the end of the input.
 * Rows that it still buffers when it is closed are read again after the newest checkpoint of the job.
 */
final class SafelyClosedSink extends RichSinkFunction<RowData>
    implements CheckpointedFunction, InputTypeConfigurable {

  private static final Logger LOG = LoggerFactory.getLogger(SafelyClosedSink.class);

  private final GenericJdbcSinkFunction<RowData> jdbc;

  SafelyClosedSink(GenericJdbcSinkFunction<RowData> jdbc) {
    this.jdbc = jdbc;
  }

  @Override
  public void setInputType(TypeInformation<?> type, ExecutionConfig config) {
    jdbc.setInputType(type, config);
  }

  @Override
  public void setRuntimeContext(RuntimeContext context) {
    super.setRuntimeContext(context);
    jdbc.setRuntimeContext(context);
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    jdbc.initializeState(context);
  }

  @Override
  public void open(OpenContext context) throws Exception {
    jdbc.open(context);
  }

  @Override
  public void invoke(RowData row, Context context) throws Exception {
    jdbc.invoke(row, context);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    jdbc.snapshotState(context);
  }

  @Override
  public void finish() throws Exception {
    jdbc.snapshotState(null);
  }

  @Override
  public void close() {
    try {
      jdbc.close();
    } catch (Exception failure) {
      LOG.warn("unwritten rows will be read again after the restart: {}", failure.toString());
    }
  }
}
