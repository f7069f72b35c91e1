using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Decides what may cross a grain call: what Orleans can serialise and nobody can change.</summary>
/// <remarks>
/// The in-process runtime passes values by reference, Orleans copies or serialises them. Both are the same only for
/// immutable values whose every member has a number. So simple values, <c>byte[]</c> (the message path is made of it,
/// by convention never written after it was sent), immutable collections, and <c>[GenerateSerializer]</c> types made
/// of the same. Collections behind read-only interfaces are refused too: what stands behind them, such as a collection
/// expression, has no codec in Orleans.
/// </remarks>
public static class WireTypes
{
    private static readonly HashSet<Type> Simple =
    [
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly),
        typeof(Uri), typeof(Version), typeof(Int128), typeof(UInt128), typeof(Half), typeof(byte[]), typeof(ReadOnlyMemory<byte>),
    ];

    private static readonly HashSet<Type> Containers =
    [
        typeof(Nullable<>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>), typeof(KeyValuePair<,>),
    ];

    private static readonly ConcurrentDictionary<Type, string?> Verdicts = new();
    private static readonly ConcurrentDictionary<Assembly, ILookup<Type, Type>> Families = new();

    /// <summary>Throws if a method of the grain interface takes or returns what may not cross; the message names all of it.</summary>
    public static void Check(Type grainInterface)
    {
        var complaints = Complaints(grainInterface);
        if (complaints.Count > 0)
        {
            throw new CodecNotFoundException(string.Join(Environment.NewLine, complaints));
        }
    }

    /// <summary>Every reason why a grain interface cannot be called; empty for a good one.</summary>
    public static IReadOnlyList<string> Complaints(Type grainInterface) =>
    [
        .. grainInterface.GetInterfaces().Append(grainInterface)
            .SelectMany(part => part.GetMethods())
            .SelectMany(method => Complaints(method).Select(complaint => $"{method.DeclaringType}.{method.Name}: {complaint}")),
    ];

    /// <summary>Why a type may not cross, or null if it may.</summary>
    public static string? Complaint(Type type)
    {
        if (Verdicts.TryGetValue(type, out var known))
        {
            return known;
        }

        // Good until shown otherwise, so that a type may contain itself. Only final verdicts are remembered: one reached
        // under such an assumption may be wrong for a type inside the circle.
        var verdict = Judge(type, []);
        Verdicts.TryAdd(type, verdict);
        return verdict;
    }

    private static IEnumerable<string> Complaints(MethodInfo method)
    {
        if (method.IsGenericMethod)
        {
            yield return "generic methods are not supported.";
            yield break;
        }

        var returned = method.ReturnType;
        if (returned.IsGenericType && (returned.GetGenericTypeDefinition() == typeof(Task<>) || returned.GetGenericTypeDefinition() == typeof(ValueTask<>)))
        {
            if (Complaint(returned.GetGenericArguments()[0]) is { } complaint)
            {
                yield return $"the result cannot be returned: {complaint}";
            }
        }
        else if (returned != typeof(Task) && returned != typeof(ValueTask))
        {
            yield return $"it returns {returned}; a grain method returns Task or ValueTask.";
        }

        foreach (var parameter in method.GetParameters())
        {
            if (parameter.ParameterType != typeof(CancellationToken) && Complaint(parameter) is { } complaint)
            {
                yield return $"parameter '{parameter.Name}' cannot be passed: {complaint}";
            }
        }
    }

    private static string? Complaint(ParameterInfo parameter) =>
        parameter.ParameterType is { IsSZArray: true } array && parameter.IsDefined(typeof(ImmutableAttribute), inherit: false)
            ? Complaint(array.GetElementType()!)
            : Complaint(parameter.ParameterType);

    private static string? Judge(Type type, HashSet<Type> judging)
    {
        if (type.IsPrimitive || type.IsEnum || Simple.Contains(type) || !judging.Add(type))
        {
            return null;
        }

        if (Verdicts.TryGetValue(type, out var known))
        {
            return known;
        }

        if (type.IsGenericType && (Containers.Contains(type.GetGenericTypeDefinition()) || (type.IsValueType && type.IsAssignableTo(typeof(ITuple)))))
        {
            return type.GetGenericArguments().Select(part => Judge(part, judging)).FirstOrDefault(complaint => complaint is not null);
        }

        if (type.IsArray || type.IsAssignableTo(typeof(System.Collections.IEnumerable)))
        {
            return $"{type} can be changed by both sides or has no codec; use ImmutableArray, ImmutableList or ImmutableDictionary.";
        }

        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            return $"{type} has no [GenerateSerializer].";
        }

        return JudgeMembers(type, judging) ?? JudgeFamily(type, judging);
    }

    private static string? JudgeMembers(Type type, HashSet<Type> judging)
    {
        var numbered = type.GetCustomAttribute<GenerateSerializerAttribute>()!.GenerateFieldIds == GenerateFieldIds.PublicProperties;
        var positional = PositionalMembers(type);
        for (var part = type; part is not null && part != typeof(object) && part != typeof(ValueType); part = part.BaseType)
        {
            foreach (var field in part.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                var property = PropertyOf(field);
                var member = (MemberInfo?)property ?? field;
                if (!numbered && !member.IsDefined(typeof(IdAttribute)) && !positional.Contains(member.Name))
                {
                    return $"{part}.{member.Name} has no [Id].";
                }

                if (property is not null ? IsSettable(property) : field is { IsInitOnly: false, IsPublic: true })
                {
                    return $"{part}.{member.Name} can be set; make it init or read-only.";
                }

                if (Judge(field.FieldType, judging) is { } complaint)
                {
                    return $"{part}.{member.Name}: {complaint}";
                }
            }
        }

        return null;
    }

    // The cases of a closed family are nested in it or stand beside it; both live in its assembly.
    private static string? JudgeFamily(Type type, HashSet<Type> judging) => type.IsSealed || type.IsValueType
        ? null
        : Families.GetOrAdd(type.Assembly, ByBase)[type].Select(heir => Judge(heir, judging)).FirstOrDefault(complaint => complaint is not null);

    private static ILookup<Type, Type> ByBase(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.BaseType is not null).ToLookup(type => type.BaseType!);

    // Orleans numbers the parameters of a record's primary constructor by position, base records' included.
    private static HashSet<string> PositionalMembers(Type type)
    {
        var names = new HashSet<string>();
        for (var part = type; part is not null && IsRecord(part); part = part.BaseType)
        {
            var constructors = part.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            names.UnionWith(constructors.SelectMany(made => made.GetParameters()).Select(parameter => parameter.Name!));
        }

        return names;
    }

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null;

    private static PropertyInfo? PropertyOf(FieldInfo field) =>
        field.Name.StartsWith('<') && field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)
            ? field.DeclaringType!.GetProperty(
                field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)],
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            : null;

    private static bool IsSettable(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } setter
        && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
}
