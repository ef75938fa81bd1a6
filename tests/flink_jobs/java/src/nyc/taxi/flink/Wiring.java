package nyc.taxi.flink;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;

/** Puts an operator between parts of Flink that a probe plays. */
final class Wiring {

  private Wiring() {}

  static void set(AbstractStreamOperator<?> operator, String name, Object value) throws Exception {
    Field field = AbstractStreamOperator.class.getDeclaredField(name);
    field.setAccessible(true);
    field.set(operator, value);
  }

  static <T> T fake(Class<T> type, InvocationHandler answers) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, answers));
  }
}
