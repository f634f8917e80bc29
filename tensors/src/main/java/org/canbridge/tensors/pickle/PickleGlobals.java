package org.canbridge.tensors.pickle;

import java.util.List;

/**
 * The names that the pickles of one file format may use, and what becomes of them: inert data. What
 * an implementation does not list is refused where it is named.
 */
interface PickleGlobals {

  /** What a pickle gets for {@code module.name}; refused if it is not on the list. */
  Object find(String module, String name, PickleInput in, long at);

  /** The result of a call, as inert data. */
  Object call(Object callee, List<Object> arguments, PickleInput in, long at);

  /** {@code cls.__new__(cls, *arguments)}. */
  Object construct(Object cls, List<Object> arguments, PickleInput in, long at);

  /** {@code __setstate__}. */
  void build(Object target, Object state, PickleInput in, long at);

  /** An object that is stored outside the pickle. */
  Object persistent(Object id, PickleInput in, long at);

  /** Who writes these pickles, for messages. */
  String writer();

  /** What to do about a pickle that is refused. */
  String advice();
}
