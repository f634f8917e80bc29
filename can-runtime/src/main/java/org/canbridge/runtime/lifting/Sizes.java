package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.lifting.View.Atom;

/**
 * Which of the sizes that a graph reshapes to is the batch.
 *
 * @param fixed the batch size that the graph was exported for; empty where it is open
 */
record Sizes(OptionalLong fixed) {

  /**
   * The axes of {@code x} after a reshaping.
   *
   * @param wanted sizes; 0 is that of the axis at the same place, -1 what is left
   * @param zeros whether 0 is itself
   */
  List<Dim> of(View x, Numbers wanted, boolean zeros) {
    long[] sizes = new long[wanted.count()];
    boolean[] batch = wanted.batch().clone();
    boolean told = false;
    int open = -1;
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = (long) wanted.values()[i];
      if (sizes[i] == 0 && !zeros) {
        sizes[i] = x.dim(i).size();
        batch[i] = x.dim(i).batch();
      }
      told |= batch[i];
      View.check(sizes[i] != -1 || open < 0, "two open sizes in " + wanted.shape());
      open = sizes[i] == -1 ? i : open;
    }
    boolean numbersOnly = x.isBatched() && !told && fixed.isPresent();
    long all = View.size(View.flat(x.axes())) * (numbersOnly ? fixed.getAsLong() : 1);
    if (open >= 0) {
      sizes[open] = 1;
      long others = product(sizes);
      View.check(others > 0 && all % others == 0, "no size is left of " + x.shape());
      sizes[open] = all / others;
      batch[open] = x.isBatched() && !told && !numbersOnly;
    }
    View.check(product(sizes) == all, "the number of elements of " + x.shape() + " changes");
    if (numbersOnly) {
      int place = place(x, sizes, fixed.getAsLong());
      batch[place] = true;
      sizes[place] /= fixed.getAsLong();
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      dims.add(new Dim(sizes[i], batch[i]));
    }
    return dims;
  }

  private static long product(long... sizes) {
    long product = 1;
    for (long size : sizes) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }

  /**
   * The axis that the batch falls into. A batch of one leaves no trace in the sizes; where two axes
   * meet it belongs to one of size 1 between them, else to the second, of which PyTorch makes
   * {@code batch * heads}, unless that is the last: features hold no batch.
   */
  private static int place(View x, long[] sizes, long batch) {
    List<Atom> atoms = View.flat(x.axes());
    long before = View.size(atoms.subList(0, atoms.indexOf(View.BATCH)));
    long reached = 1;
    List<Integer> possible = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      long after = reached * sizes[i];
      if (reached <= before && after >= before * batch && sizes[i] % batch == 0) {
        possible.add(i);
      }
      reached = after;
    }
    View.check(!possible.isEmpty(), "no axis holds the batch of " + x.shape());
    if (batch > 1 || possible.size() == 1) {
      return possible.get(0);
    }
    for (int axis : possible) {
      if (sizes[axis] == 1) {
        return axis;
      }
    }
    int second = possible.get(1);
    return second == sizes.length - 1 ? possible.get(0) : second;
  }
}
