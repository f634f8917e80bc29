package org.canbridge.cli;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.cli.planted.here.Here;
import org.canbridge.cli.planted.there.There;
import org.canbridge.importers.Checkpoints;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.ReferenceBundle;
import org.junit.jupiter.api.Test;

/** The arrows between the packages of all modules run one way. */
final class PackagesTest {
  /** One class of each module, which tells where its class files lie. */
  private static final List<Class<?>> MODULES =
      List.of(TensorData.class, Checkpoints.class, Model.class, ReferenceBundle.class, Main.class);

  private static final ArchRule NO_CYCLES =
      slices().matching("org.canbridge.(**)").should().beFreeOfCycles();

  @Test
  void noPackagesFormACycle() {
    Set<String> places =
        MODULES.stream()
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .collect(Collectors.toSet());
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(location -> places.stream().anyMatch(location::contains))
            .importPackages("org.canbridge");

    Set<String> packages =
        classes.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
    for (Class<?> type : MODULES) {
      assertTrue(packages.contains(type.getPackageName()), type.getPackageName());
    }
    NO_CYCLES.check(classes);
  }

  @Test
  void aCycleIsFound() {
    EvaluationResult result =
        NO_CYCLES.evaluate(new ClassFileImporter().importClasses(Here.class, There.class));

    assertEquals(1, result.getFailureReport().getDetails().size());
    assertTrue(
        result
            .getFailureReport()
            .getDetails()
            .get(0)
            .startsWith("Cycle detected: Slice cli.planted.here"));
  }
}
