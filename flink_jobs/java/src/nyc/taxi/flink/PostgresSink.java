package nyc.taxi.flink;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;

/** Upserts rows into a table of Postgres, at least once. It has no state: a checkpoint waits until all is written. */
record PostgresSink(PostgresTable table) implements Sink<RowData> {

  private static final long serialVersionUID = 1L;

  @Override
  public SinkWriter<RowData> createWriter(WriterInitContext context) throws IOException {
    return new PostgresWriter(table, context);
  }
}
